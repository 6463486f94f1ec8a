/** Words as they are compared: lower case, no punctuation, apostrophes inside words kept. */
export function normalisedWords(text: string): string[] {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[^\p{L}\p{M}\p{N}' ]+/gu, ' ')
    .split(/\s+/)
    .map((word) => word.replace(/^'+|'+$/g, ''))
    .filter((word) => word !== '');
}

/** Least number of words to insert, delete or replace. */
function editDistance(reference: readonly string[], hypothesis: readonly string[]): number {
  let previous = Array.from({ length: hypothesis.length + 1 }, (_, i) => i);
  for (const [i, wanted] of reference.entries()) {
    const row = [i + 1];
    for (const [j, said] of hypothesis.entries()) {
      const replaced = (previous[j] ?? 0) + (wanted === said ? 0 : 1);
      row.push(Math.min(replaced, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[hypothesis.length] ?? 0;
}

/**
 * Word error rate: edits per word of the reference, 0 for the same words; it may exceed 1. Against an empty
 * reference it is 0 for an empty hypothesis and 1 for any other.
 */
export function wordErrorRate(reference: string, hypothesis: string): number {
  const wanted = normalisedWords(reference);
  const said = normalisedWords(hypothesis);
  if (wanted.length === 0) return said.length === 0 ? 0 : 1;
  return editDistance(wanted, said) / wanted.length;
}
