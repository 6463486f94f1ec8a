import type { Utterance } from '@earshot/protocol';

/** One subtitle: at most two lines of at most 42 characters, the common limit of broadcasters. */
export interface Cue {
  readonly track: Utterance['track'];
  readonly startMs: number;
  readonly endMs: number;
  readonly lines: readonly string[];
}

const MAX_LINE = 42;
const MAX_LINES = 2;

interface Piece {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Words with times: the engine's own where they make up the text, else spread over the utterance by length. */
function timedWords(utterance: Utterance): Piece[] {
  const texts = utterance.text.split(/\s+/).filter((word) => word !== '');
  if (utterance.words.length === texts.length) {
    return utterance.words.map((word, i) => ({ ...word, text: texts[i] ?? word.text }));
  }
  const total = texts.reduce((sum, word) => sum + word.length + 1, 0);
  const span = utterance.endMs - utterance.startMs;
  let before = 0;
  return texts.map((text) => {
    const startMs = utterance.startMs + Math.round((span * before) / total);
    before += text.length + 1;
    return { text, startMs, endMs: utterance.startMs + Math.round((span * before) / total) };
  });
}

/** Breaks words into lines; a word longer than a line stands alone. */
function linesOf(words: readonly Piece[]): Piece[][] {
  const lines: Piece[][] = [];
  let length = 0;
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && length + 1 + word.text.length <= MAX_LINE) {
      line.push(word);
      length += 1 + word.text.length;
    } else {
      lines.push([word]);
      length = word.text.length;
    }
  }
  return lines;
}

/** Cuts utterances into cues; every cue lasts at least a millisecond. */
export function cuesOf(utterances: readonly Utterance[]): Cue[] {
  return utterances.flatMap((utterance) => {
    const lines = linesOf(timedWords(utterance));
    const cues: Cue[] = [];
    for (let at = 0; at < lines.length; at += MAX_LINES) {
      const words = lines.slice(at, at + MAX_LINES);
      const startMs = words[0]?.[0]?.startMs ?? utterance.startMs;
      const endMs = words.at(-1)?.at(-1)?.endMs ?? utterance.endMs;
      cues.push({
        track: utterance.track,
        startMs,
        endMs: Math.max(endMs, startMs + 1),
        lines: words.map((line) => line.map((word) => word.text).join(' ')),
      });
    }
    return cues;
  });
}
