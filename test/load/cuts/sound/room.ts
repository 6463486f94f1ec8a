import { decodeMulaw, encodeMulaw } from '@earshot/audio';
import { SAMPLE_RATE, type Span, toPcm } from './signal.ts';

/** Rate of a telephone, Hz. */
export const TELEPHONE_RATE = 8000;

const COMB_MS = [29.7, 37.1, 41.1, 43.7];
const ALL_PASS_MS = [5, 1.7];
/** Time in which the reverberation falls by 60 dB. */
const DECAY_SECONDS = 0.5;
/** Amplitude of the reverberation against the direct sound. */
const WET = 0.25;

/** The sound in a room: parallel combs and all-passes in a row, by Schroeder. */
export function reverberant(samples: Float32Array): Float32Array {
  let wet = new Float32Array(samples.length);
  for (const ms of COMB_MS) {
    const delay = Math.round((ms / 1000) * SAMPLE_RATE);
    const feedback = 10 ** ((-3 * ms) / 1000 / DECAY_SECONDS);
    const line = new Float32Array(delay);
    for (let index = 0; index < wet.length; index += 1) {
      const delayed = line[index % delay]!;
      wet[index]! += delayed;
      line[index % delay] = samples[index]! + feedback * delayed;
    }
  }
  for (const ms of ALL_PASS_MS) wet = allPass(wet, Math.round((ms / 1000) * SAMPLE_RATE));
  for (let index = 0; index < wet.length; index += 1) wet[index] = samples[index]! + WET * wet[index]!;
  return wet;
}

function allPass(samples: Float32Array, delay: number): Float32Array<ArrayBuffer> {
  const line = new Float32Array(delay);
  const output = new Float32Array(samples.length);
  for (let index = 0; index < samples.length; index += 1) {
    const delayed = line[index % delay]!;
    const fed = samples[index]! + 0.7 * delayed;
    output[index] = delayed - 0.7 * fed;
    line[index % delay] = fed;
  }
  return output;
}

/** What a telephone leaves: 300 to 3400 Hz at 8 kHz, through mu-law and back. */
export function overTelephone(samples: Float32Array): Int16Array {
  const first = highPass(samples, { hertz: 300, quality: 0.54 });
  const narrow = highPass(first, { hertz: 300, quality: 1.31 });
  return decodeMulaw(encodeMulaw(toPcm(everySecond(narrow))));
}

/** Weights of a low-pass of 3400 Hz around a sample: a sinc in a Hann window. */
const LOW_PASS = Float64Array.from({ length: 63 }, (_, tap) => {
  const offset = tap - 31;
  const turn = (2 * Math.PI * 3400) / SAMPLE_RATE;
  const sinc = offset === 0 ? turn / Math.PI : Math.sin(turn * offset) / (Math.PI * offset);
  return sinc * Math.cos((Math.PI * offset) / 64) ** 2;
});

function everySecond(samples: Float32Array): Float32Array {
  const output = new Float32Array(Math.ceil(samples.length / 2));
  for (let index = 0; index < output.length; index += 1) {
    const from = 2 * index - 31;
    let sum = 0;
    for (let tap = Math.max(0, -from); tap < 63 && from + tap < samples.length; tap += 1) {
      sum += LOW_PASS[tap]! * samples[from + tap]!;
    }
    output[index] = sum;
  }
  return output;
}

interface Filter {
  readonly hertz: number;
  readonly quality: number;
}

/** A second-order Butterworth section by the bilinear transform. */
function highPass(samples: Float32Array, { hertz, quality }: Filter): Float32Array {
  const angle = (2 * Math.PI * hertz) / SAMPLE_RATE;
  const alpha = Math.sin(angle) / (2 * quality);
  const cosine = Math.cos(angle);
  const norm = 1 + alpha;
  const edge = (1 + cosine) / 2 / norm;
  const last = (-2 * cosine) / norm;
  const beforeLast = (1 - alpha) / norm;
  const output = new Float32Array(samples.length);
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let index = 0; index < samples.length; index += 1) {
    const x = samples[index]!;
    const y = edge * (x - 2 * x1 + x2) - last * y1 - beforeLast * y2;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    output[index] = y;
  }
  return output;
}

/** A gain that jumps by up to 12 dB either way every 5 to 15 seconds, for each sample. */
export function levelSteps(count: number, random: () => number): Float32Array {
  const gains = new Float32Array(count);
  let step: Span = { start: 0, end: 0 };
  while (step.end < count) {
    step = { start: step.end, end: step.end + Math.floor((5 + 10 * random()) * SAMPLE_RATE) };
    gains.fill(10 ** ((24 * random() - 12) / 20), step.start, step.end);
  }
  return gains;
}
