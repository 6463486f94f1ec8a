/** A field of whatever a server sent; undefined for anything but an object that has it. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

/** A finite number, also when it was sent as a string; servers send `null`, `NaN` and `"3.5"`. */
export function numberField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  if (typeof found !== 'number' && (typeof found !== 'string' || found.trim() === '')) return undefined;
  const number = Number(found);
  return Number.isFinite(number) ? number : undefined;
}
