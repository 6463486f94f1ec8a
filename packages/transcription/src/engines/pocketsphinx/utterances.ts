import { createSegmenter } from '@earshot/audio';
import { ENGINE_SAMPLE_RATE } from '../../engine/engine.ts';

/** A piece of a segment that is decoded by itself. */
export interface Utterance {
  /** Where it starts in the segment. */
  readonly firstSample: number;
  readonly samples: Int16Array;
}

/** Someone who is silent for so long has ended a sentence or a part of one; at 300 and 400 ms more words are wrong. */
const PAUSE_MS = 200;
/** Less than this tells too little of a voice to normalise by. */
const LEAST_SECONDS = 1;

/**
 * Cuts audio of at most `longestSeconds` in the middle of long pauses, where there are any; the utterances join to exactly
 * that audio. The decoder takes an utterance for one sentence and normalises over it, so that it errs more where there
 * are several in it, or words behind noise. Silence and noise that go on are one utterance.
 */
export function utterancesOf(samples: Int16Array, longestSeconds: number): Utterance[] {
  const segmenter = createSegmenter({
    sampleRate: ENGINE_SAMPLE_RATE,
    minSeconds: LEAST_SECONDS,
    maxSeconds: longestSeconds + LEAST_SECONDS,
    minPauseMs: PAUSE_MS,
  });
  const pieces = segmenter.push(samples);
  const rest = segmenter.flush();
  if (rest !== undefined) pieces.push(rest);
  const parts = pieces.filter(({ speech }, index) => speech || pieces[index - 1]?.speech !== false);
  return parts.map(({ firstSample }, index) => ({
    firstSample,
    samples: samples.subarray(firstSample, parts[index + 1]?.firstSample ?? samples.length),
  }));
}
