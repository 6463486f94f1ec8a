/** Where recorded audio first differs from what was sent, in samples. */
export interface AudioDifference {
  readonly kind: 'loss' | 'duplication' | 'silence' | 'foreign' | 'truncated' | 'excess';
  /** Index of the first wrong sample in what was recorded. */
  readonly at: number;
  /** Samples lost, doubled, silenced, missing at the end or too many; 1 for foreign samples. */
  readonly samples: number;
  readonly message: string;
}

/** What was recorded is said to be samples [fromSample, fromSample + samples) of the stream of `seed`. */
export interface ComputedRange {
  readonly seed: number;
  readonly fromSample?: number;
  readonly samples: number;
}

/** 8 samples of 16 bits: the chance of a false match is negligible. */
const WINDOW = 8;
/** How far beyond the expected range a displaced window is looked for, samples. */
const SEARCH_AHEAD = 960_000;

/**
 * Audio whose every sample follows from seed and position, so that any range can be recomputed and every lost, doubled
 * or moved sample shows. It sounds like noise: detectors take it for anything.
 */
export function computedAudio(seed: number, fromSample: number, samples: number): Int16Array {
  const out = new Int16Array(samples);
  for (let i = 0; i < samples; i += 1) out[i] = sampleAt(seed, fromSample + i);
  return out;
}

/** Compares with the computed stream: null when equal, otherwise what happened first and where. */
export function findAudioDifference(recorded: Int16Array, range: ComputedRange): AudioDifference | null {
  const { seed, fromSample = 0, samples } = range;
  const common = Math.min(recorded.length, samples);
  for (let at = 0; at < common; at += 1) {
    if (recorded[at] !== sampleAt(seed, fromSample + at)) return explain(recorded, at, range);
  }
  if (recorded.length < samples) return difference('truncated', common, samples - common);
  if (recorded.length > samples) return difference('excess', common, recorded.length - common);
  return null;
}

function explain(recorded: Int16Array, at: number, range: ComputedRange): AudioDifference {
  const { seed, fromSample = 0, samples } = range;
  const silent = zeroRun(recorded, at);
  if (silent >= WINDOW) return difference('silence', at, silent);
  const window = recorded.subarray(at, at + WINDOW);
  const source = window.length < WINDOW ? -1 : locate(window, seed, fromSample + samples + SEARCH_AHEAD);
  const moved = source - (fromSample + at);
  if (source < 0) return difference('foreign', at, 1);
  return moved > 0 ? difference('loss', at, moved) : difference('duplication', at, -moved);
}

function locate(window: Int16Array, seed: number, end: number): number {
  for (let position = 0; position < end; position += 1) {
    if (window.every((sample, i) => sample === sampleAt(seed, position + i))) return position;
  }
  return -1;
}

function zeroRun(samples: Int16Array, from: number): number {
  let at = from;
  while (samples[at] === 0) at += 1;
  return at - from;
}

function difference(kind: AudioDifference['kind'], at: number, samples: number): AudioDifference {
  return { kind, at, samples, message: `${kind} of ${samples} samples at sample ${at}` };
}

/** A 32-bit finaliser in the manner of MurmurHash3 over position and seed; its upper half is the sample. */
function sampleAt(seed: number, position: number): number {
  const high = Math.floor(position / 0x1_0000_0000);
  let hash = (position ^ Math.imul(seed ^ high, 0x9e37_79b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >> 16;
}
