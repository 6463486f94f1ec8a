import type { EngineWord } from '../../engine/engine.ts';
import { field, numberField, textField } from './tolerant-fields.ts';

/** `[_BEG_]`, `[_TT_120]`, `<|en|>`: a decoder's own marks. */
const MARK = /^\s*(\[_[A-Z0-9_]+\]|<\|.*\|>)\s*$/;
const STARTS_WORD = /^[\s\u2581]/;

/** A word or a piece of one as a server gives it; without usable times it is left out. */
function pieceOf(value: unknown): EngineWord | undefined {
  const text = textField(value, 'word') ?? textField(value, 'text');
  const start = numberField(value, 'start');
  const end = numberField(value, 'end');
  if (text === undefined || start === undefined || end === undefined || end < start || MARK.test(text)) {
    return undefined;
  }
  const confidence = numberField(value, 'probability') ?? numberField(value, 'confidence');
  const times = { text, startMs: start * 1000, endMs: end * 1000 };
  return confidence === undefined ? times : { ...times, confidence: Math.min(Math.max(confidence, 0), 1) };
}

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
 * Words out of a list that may hold tokens: where any entry begins with a space (or U+2581), those that do not are
 * the continuation of the one before.
 */
export function wordsOf(list: unknown): EngineWord[] {
  const pieces = Array.isArray(list) ? list.map(pieceOf).filter((piece) => piece !== undefined) : [];
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

/** Words of an object, under `words`. */
export const wordsIn = (value: unknown): EngineWord[] => wordsOf(field(value, 'words'));
