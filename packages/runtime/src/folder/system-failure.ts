/** The code of a system error (`ENOENT`, `EADDRINUSE`, …), whoever threw it; undefined for anything else. */
export function systemFailure(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null) return undefined;
  const code: unknown = Reflect.get(failure, 'code');
  return typeof code === 'string' ? code : undefined;
}
