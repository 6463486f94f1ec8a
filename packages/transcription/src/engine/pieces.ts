import type { EngineWord } from './engine.ts';

/** Models mark the beginning of a word with a space, or with U+2581 in its place. */
const STARTS_WORD = /^[\s\u2581]/;

const glued = (word: EngineWord, piece: EngineWord): EngineWord => {
  const parts = [word.confidence, piece.confidence].filter((value) => value !== undefined);
  return {
    text: word.text + piece.text,
    startMs: word.startMs,
    endMs: Math.max(word.endMs, piece.endMs),
    ...(parts.length === 0 ? {} : { confidence: Math.min(...parts) }),
  };
};

/**
 * Words out of a list that may hold pieces of words: where any entry begins with a space, those that do not continue
 * the one before. A word is as sure as its least sure piece.
 */
export function wordsFromPieces(pieces: readonly EngineWord[]): EngineWord[] {
  const tokens = pieces.some((piece) => STARTS_WORD.test(piece.text));
  const words: EngineWord[] = [];
  for (const piece of pieces) {
    const last = words.at(-1);
    if (tokens && last !== undefined && !STARTS_WORD.test(piece.text))
      words[words.length - 1] = glued(last, piece);
    else words.push(piece);
  }
  return words
    .map((word) => ({ ...word, text: word.text.replaceAll('\u2581', ' ').trim() }))
    .filter((word) => word.text !== '');
}
