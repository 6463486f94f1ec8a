import { LIMITS } from '@earshot/protocol';

const TICKS_PER_SECOND = 1000 / LIMITS.callTickMs;
/** Lengths of phrases and of the pauses between them, from and to, seconds. */
const PHRASE = [0.8, 2.5] as const;
const PAUSE = [0.3, 0.8] as const;
/** Samples of one vibration of the voice: 125 Hz. */
const PERIOD = LIMITS.callSampleRate / 125;
const LOUDEST = 9000;

/** One vibration: the fundamental and its overtones, each softer than the one below, over and over for a long tick. */
const HUM = Int16Array.from({ length: 6 * PERIOD }, (_, index) => {
  const phase = (2 * Math.PI * index) / PERIOD;
  const sum = [1, 2, 3, 4, 5, 6, 7, 8].reduce(
    (total, overtone) => total + Math.sin(overtone * phase) / overtone,
    0,
  );
  return Math.round((LOUDEST * sum) / 2);
});

/** Hums in phrases, with pauses of silence; how long each lasts is up to chance. */
export interface Babble {
  /** Fills `tick` with the next samples, as many as a clock that may drift has made of it. */
  next(tick: Int16Array): void;
}

/** Starts somewhere in a phrase or a pause. */
export function createBabble(random: () => number = Math.random): Babble {
  let speaks = random() < 0.5;
  let ticksLeft = lengthOf(speaks, random) * random();
  let phase = 0;
  return {
    next(tick) {
      ticksLeft -= 1;
      if (ticksLeft <= 0) {
        speaks = !speaks;
        ticksLeft = lengthOf(speaks, random);
      }
      tick.fill(0);
      if (!speaks) return;
      tick.set(HUM.subarray(phase, phase + tick.length));
      phase = (phase + tick.length) % PERIOD;
    },
  };
}

function lengthOf(speaks: boolean, random: () => number): number {
  const [shortest, longest] = speaks ? PHRASE : PAUSE;
  return (shortest + random() * (longest - shortest)) * TICKS_PER_SECOND;
}
