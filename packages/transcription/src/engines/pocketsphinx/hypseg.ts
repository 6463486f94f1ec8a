import type { EngineWord } from '../../engine/engine.ts';

/** PocketSphinx counts time in frames of 10 ms. */
const FRAME_MS = 10;

/** `<s>`, `<sil>`, `[NOISE]`, `++UH++`: markers, not words. */
const MARKER = /^(<.*>|\[.*\]|\+\+.*\+\+)$/;

/** Alternative pronunciations carry a number: `read(2)`. */
const PRONUNCIATION = /\(\d+\)$/;

/**
 * Reads one line of `-hypseg`: `id S n T n A n L n`, then `start acoustic language word` for each word, then the
 * last frame. A word ends where the next entry begins. Lines of another id, or that do not parse, give undefined.
 */
export function parseHypsegLine(line: string, id: string): EngineWord[] | undefined {
  if (!line.startsWith(`${id} S `)) return undefined;
  const fields = line
    .slice(id.length + 1)
    .split(/\s+/)
    .slice(8);
  const tokens: { frame: number; text: string }[] = [];
  let at = 0;
  for (; at + 4 < fields.length; at += 4) {
    tokens.push({ frame: Number(fields[at]), text: fields[at + 3] ?? '' });
  }
  const endFrame = Number(fields[at] ?? 0);
  if (tokens.some((token) => !Number.isFinite(token.frame)) || !Number.isFinite(endFrame)) return undefined;
  return tokens.flatMap((token, index) => {
    if (MARKER.test(token.text)) return [];
    return {
      text: token.text.replace(PRONUNCIATION, ''),
      startMs: token.frame * FRAME_MS,
      endMs: (tokens[index + 1]?.frame ?? endFrame) * FRAME_MS,
    };
  });
}
