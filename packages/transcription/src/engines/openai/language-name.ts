/** Names that Whisper uses and Unicode spells otherwise. */
const ALIASES: readonly (readonly [string, string])[] = [
  ['bengali', 'bn'],
  ['burmese', 'my'],
  ['cantonese', 'yue'],
  ['castilian', 'es'],
  ['flemish', 'nl'],
  ['mandarin', 'zh'],
  ['maori', 'mi'],
  ['moldavian', 'ro'],
  ['myanmar', 'my'],
  ['nynorsk', 'nn'],
  ['tagalog', 'tl'],
];

/** English names of all two-letter codes; deprecated codes give way to their successors. */
function codesByName(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
  const codes = new Map<string, string>(ALIASES);
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = names.of(code)?.toLowerCase();
    if (name !== undefined) codes.set(name, Intl.getCanonicalLocales(code)[0] ?? code);
  }
  return codes;
}

let known: ReadonlyMap<string, string> | undefined;

/** ISO 639-1 code of what a server calls a language: a code already, or its English name in any case. */
export function languageCode(text: string): string | undefined {
  const lower = text.trim().toLowerCase();
  if (/^[a-z]{2,3}(-[a-z]{2,4})?$/.test(lower)) return lower.split('-')[0];
  known ??= codesByName();
  return known.get(lower);
}
