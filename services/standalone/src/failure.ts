/** The code of a system error (`ENOENT`, `EADDRINUSE`, …), whoever threw it; undefined for anything else. */
export function failureCode(failure: unknown): string | undefined {
  return textField(failure, 'code');
}

/** The sentence of an error, whoever threw it. */
export function failureMessage(failure: unknown): string {
  return textField(failure, 'message') ?? 'something went wrong';
}

function textField(failure: unknown, name: 'code' | 'message'): string | undefined {
  if (typeof failure !== 'object' || failure === null) return undefined;
  const value: unknown = Reflect.get(failure, name);
  return typeof value === 'string' ? value : undefined;
}
