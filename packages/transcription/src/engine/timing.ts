import type { EngineSegment, EngineWord } from './engine.ts';

const clamp = (value: number, high: number): number =>
  Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), high) : 0;

/** Words with times inside [0, durationMs], sorted by start, never ending before they begin. */
export function tidyWords(words: readonly EngineWord[], durationMs: number): EngineWord[] {
  return words
    .map((word) => {
      const startMs = clamp(word.startMs, durationMs);
      return { ...word, startMs, endMs: Math.max(startMs, clamp(word.endMs, durationMs)) };
    })
    .sort((a, b) => a.startMs - b.startMs);
}

/** Segments with times inside [0, durationMs], sorted by start; so are the words in them. */
export function tidySegments(segments: readonly EngineSegment[], durationMs: number): EngineSegment[] {
  return segments
    .map((segment) => {
      const startMs = clamp(segment.startMs, durationMs);
      const endMs = Math.max(startMs, clamp(segment.endMs, durationMs));
      const times = { ...segment, startMs, endMs };
      return segment.words === undefined ? times : { ...times, words: tidyWords(segment.words, durationMs) };
    })
    .sort((a, b) => a.startMs - b.startMs);
}

/**
 * Groups words into segments at silences of `pauseMs` and more, for engines that give words only.
 * The words must be sorted.
 */
export function segmentsFromWords(words: readonly EngineWord[], pauseMs: number): EngineSegment[] {
  const groups: EngineWord[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const word of words) {
    const group = groups.at(-1);
    if (group === undefined || word.startMs - end >= pauseMs) groups.push([word]);
    else group.push(word);
    end = Math.max(end, word.endMs);
  }
  return groups.map((group) => ({
    text: group.map((word) => word.text).join(' '),
    startMs: group[0]?.startMs ?? 0,
    endMs: Math.max(...group.map((word) => word.endMs)),
    words: group,
  }));
}
