import type { SegmentResult, TrackName, Utterance } from '@earshot/protocol';
import type { EngineResult, EngineSegment, EngineWord } from '../engine/engine.ts';
import { tidySegments } from '../engine/timing.ts';
import { saysNoSpeech, suspicionOf } from '../guard/guards.ts';

type Guarded = SegmentResult['guarded'];

const CONTROL = /\p{Cc}+/gu;

/** One line of text without control characters. */
const oneLine = (text: string): string => text.replace(CONTROL, ' ').replace(/\s+/g, ' ').trim();

const wordOf = (word: EngineWord): Utterance['words'][number] => ({
  text: oneLine(word.text),
  startMs: word.startMs,
  endMs: word.endMs,
  ...(word.confidence === undefined ? {} : { confidence: word.confidence }),
});

/** The engine's segments; an engine without any has said its text over the whole duration. */
function segmentsOf(result: EngineResult, durationMs: number): EngineSegment[] {
  const segments =
    result.segments.length > 0 ? result.segments : [{ text: result.text, startMs: 0, endMs: durationMs }];
  return tidySegments(segments, durationMs).map((segment) => ({ ...segment, text: oneLine(segment.text) }));
}

export interface CleanedResult {
  readonly utterances: Utterance[];
  readonly guarded: Guarded;
}

/**
 * Turns an engine's answer into utterances on the segment's clock. Doubtful text is kept and marked `suspect`;
 * text that the engine itself takes for silence is taken out, and stands in `guarded` as it was.
 */
export function cleanResult(
  result: EngineResult,
  clock: { track: TrackName; durationMs: number; doubt?: string },
): CleanedResult {
  const utterances: Utterance[] = [];
  const guarded: Guarded = [];
  for (const segment of segmentsOf(result, clock.durationMs)) {
    if (segment.text === '') continue;
    if (saysNoSpeech(segment)) {
      guarded.push({ reason: 'no_speech_probability', text: segment.text });
      continue;
    }
    const suspect = suspicionOf(segment) ?? clock.doubt;
    if (suspect !== undefined) guarded.push({ reason: suspect, text: segment.text });
    utterances.push({
      track: clock.track,
      startMs: segment.startMs,
      endMs: segment.endMs,
      text: segment.text,
      words: (segment.words ?? []).map(wordOf).filter((word) => word.text !== ''),
      ...(suspect === undefined ? {} : { suspect }),
    });
  }
  return { utterances, guarded };
}
