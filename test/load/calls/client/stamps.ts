/** The first two samples of a stamped tick, as the loopback carrier's `stamp` peers write and look for them. */
const SIGN = [24_229, 31_295] as const;
const TIME_AT = 2;
const COUNT_AT = 5;
const REPORTS_AT = 6;
const TIME_SAMPLES = 3;
export const TICK_SAMPLES = 320;

/** One sample of a message, by its place. */
export type SampleAt = (index: number) => number;

/** What a stamping peer heard: the time in the stamp, and when it came. Monotonic, ms. */
interface HeardStamp {
  readonly stampMs: number;
  readonly heardMs: number;
}

/** One tick of a stamping peer. */
export interface StampedTick {
  readonly spokenMs: number;
  readonly heard: readonly HeardStamp[];
}

/** The machine's monotonic clock, ms; every process on it reads the same (CLOCK_MONOTONIC on Linux). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Twenty milliseconds of audio that carry a time, and silence. */
export function stampedTick(stampMs: number): Int16Array {
  const samples = new Int16Array(TICK_SAMPLES);
  samples.set(SIGN);
  let rest = Math.round(stampMs * 1000);
  for (let part = 0; part < TIME_SAMPLES; part += 1) {
    samples[TIME_AT + part] = rest % 0x1_0000;
    rest = Math.floor(rest / 0x1_0000);
  }
  return samples;
}

/** Reads the tick that begins at `from`; null when there is none. */
export function readTick(sampleAt: SampleAt, from: number): StampedTick | null {
  if (SIGN.some((sample, index) => sampleAt(from + index) !== sample)) return null;
  const time = (at: number): number => readTime(sampleAt, from + at);
  const heard = Array.from({ length: sampleAt(from + COUNT_AT) }, (_, index) => {
    const at = REPORTS_AT + 2 * TIME_SAMPLES * index;
    return { stampMs: time(at), heardMs: time(at + TIME_SAMPLES) };
  });
  return { spokenMs: time(TIME_AT), heard };
}

function readTime(sampleAt: SampleAt, at: number): number {
  let microseconds = 0;
  for (let part = TIME_SAMPLES - 1; part >= 0; part -= 1) {
    microseconds = microseconds * 0x1_0000 + (sampleAt(at + part) & 0xffff);
  }
  return microseconds / 1000;
}
