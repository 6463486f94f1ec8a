/** How the cheapest way to turn one text into another begins: at each place the fewest edits of what came before. */
function editTable(said: readonly string[], heard: readonly string[]): Uint16Array[] {
  const rows = [Uint16Array.from({ length: heard.length + 1 }, (_, column) => column)];
  for (const [place, word] of said.entries()) {
    const above = rows[place]!;
    const row = new Uint16Array(heard.length + 1);
    row[0] = place + 1;
    for (let column = 1; column <= heard.length; column += 1) {
      const replaced = above[column - 1]! + (word === heard[column - 1] ? 0 : 1);
      row[column] = Math.min(replaced, above[column]! + 1, row[column - 1]! + 1);
    }
    rows.push(row);
  }
  return rows;
}

const wordsOf = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean);

/**
 * The words heard wrongly, left out or added in each sentence of a text, which is aligned with all that was heard of it.
 * A word that was added between two sentences counts against the first.
 */
export function errorsBySentence(sentences: readonly string[], heard: string): number[] {
  const said = sentences.flatMap((sentence, index) => wordsOf(sentence).map((word) => ({ word, index })));
  const texts = said.map(({ word }) => word);
  const hypothesis = wordsOf(heard);
  const table = editTable(texts, hypothesis);
  const errors = sentences.map(() => 0);
  let row = texts.length;
  let column = hypothesis.length;
  while (row > 0 || column > 0) {
    const edits = table[row]![column]!;
    const sentence = said[Math.max(0, row - 1)]?.index ?? 0;
    const isSame = row > 0 && column > 0 && texts[row - 1] === hypothesis[column - 1];
    const isAdded = column > 0 && table[row]![column - 1]! + 1 === edits;
    const isPair = row > 0 && column > 0 && table[row - 1]![column - 1]! + (isSame ? 0 : 1) === edits;
    if (sentences.length > 0 && !(isPair && isSame)) errors[sentence]! += 1;
    if (isPair || !isAdded) row -= 1;
    if (isPair || isAdded) column -= 1;
  }
  return errors;
}
