import type { EngineWord } from '../../engine/engine.ts';
import { wordsFromPieces } from '../../engine/pieces.ts';
import { field, numberField, textField } from './tolerant-fields.ts';

/** `[_BEG_]`, `[_TT_120]`, `<|en|>`: a decoder's own marks. */
const MARK = /^\s*(\[_[A-Z0-9_]+\]|<\|.*\|>)\s*$/;

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

/** Words of an object, under `words`; some servers list tokens there. */
export function wordsIn(value: unknown): EngineWord[] {
  const list = field(value, 'words');
  return Array.isArray(list) ? wordsFromPieces(list.flatMap((item) => pieceOf(item) ?? [])) : [];
}
