/**
 * The URL that a text says by the WHATWG rules, undefined for none. `URL.canParse` is not asked: once compiled, that of
 * Node 20 takes letters beyond ASCII for a mistake.
 */
export function readUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
