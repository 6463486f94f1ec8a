/** Silero looks at 512 new samples at 16 kHz at a time, behind 64 that it has seen. */
export const FRAME_SAMPLES = 512;
export const CONTEXT_SAMPLES = 64;

/** Speech is two frames in a row at or above this probability. */
const SPEECH_PROBABILITY = 0.5;
const FRAMES_IN_A_ROW = 2;

const PROBES = 4;
const PROBE_FRAMES = 20;
const PROBE_SAMPLES = PROBE_FRAMES * FRAME_SAMPLES;

/** A stretch of frames to look at; `start` in samples. */
export interface Stretch {
  readonly start: number;
  readonly frames: number;
}

/** The whole segment; the last frame may reach behind its end. */
export const wholeStretch = (samples: number): Stretch => ({
  start: 0,
  frames: Math.ceil(samples / FRAME_SAMPLES),
});

/** The loudest places of a segment that do not overlap: where speech would be found first. */
export function loudestStretches(samples: Int16Array): Stretch[] {
  if (samples.length <= PROBE_SAMPLES) return [wholeStretch(samples.length)];
  const places: { start: number; energy: number }[] = [];
  for (let start = 0; start + PROBE_SAMPLES <= samples.length; start += PROBE_SAMPLES / 2) {
    let energy = 0;
    for (const sample of samples.subarray(start, start + PROBE_SAMPLES)) energy += sample * sample;
    places.push({ start, energy });
  }
  places.sort((a, b) => b.energy - a.energy);
  const chosen: number[] = [];
  for (const { start } of places) {
    if (chosen.every((other) => Math.abs(other - start) >= PROBE_SAMPLES)) chosen.push(start);
    if (chosen.length === PROBES) break;
  }
  return chosen.map((start) => ({ start, frames: PROBE_FRAMES }));
}

/** Writes one frame with its left context as floats; what lies outside the segment is silence. */
export function writeFrame(samples: Int16Array, at: number, target: Float32Array): void {
  const from = at - CONTEXT_SAMPLES;
  for (let i = 0; i < CONTEXT_SAMPLES + FRAME_SAMPLES; i += 1) target[i] = (samples[from + i] ?? 0) / 32_768;
}

/** True when some two frames in a row are speech. */
export function holdsSpeech(probabilities: readonly number[]): boolean {
  let row = 0;
  for (const probability of probabilities) {
    row = probability >= SPEECH_PROBABILITY ? row + 1 : 0;
    if (row === FRAMES_IN_A_ROW) return true;
  }
  return false;
}
