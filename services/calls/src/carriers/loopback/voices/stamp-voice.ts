import { createBabble } from './babble.ts';
import type { Voice } from './voice.ts';

/** The first two samples of a stamped tick. */
const SIGN = [24_229, 31_295] as const;
const TIME_AT = 2;
const COUNT_AT = 5;
const REPORTS_AT = 6;
const TIME_SAMPLES = 3;
const REPORT_SAMPLES = 2 * TIME_SAMPLES;
/** More do not fit in what a slow clock makes of a tick. */
const MOST_REPORTS = 40;

interface Report {
  readonly stamp: Int16Array;
  readonly heardMs: number;
}

/**
 * Speaks times instead of words, for measuring. Each tick: two signing samples, the monotonic time at which it was due,
 * a count, and for each stamped tick that was heard since, the time it carried and the time at which it came. A time is
 * microseconds in three samples, the lowest 16 bits first. What is heard counts as stamped when a send begins with the
 * two samples and a time. The rest of a tick is babble with pauses, in which no two peers agree: the audio of many peers
 * who said only the time would be cut in the same instant.
 */
export function createStampVoice(): Voice {
  const babble = createBabble();
  let reports: Report[] = [];
  let tick = new Int16Array(0);
  return {
    next: (count, dueMs) => {
      if (tick.length !== count) tick = new Int16Array(count);
      babble.next(tick);
      tick.set(SIGN);
      writeTime(tick, TIME_AT, dueMs);
      tick[COUNT_AT] = reports.length;
      let at = REPORTS_AT;
      for (const { stamp, heardMs } of reports) {
        tick.set(stamp, at);
        writeTime(tick, at + TIME_SAMPLES, heardMs);
        at += REPORT_SAMPLES;
      }
      reports = [];
      return tick;
    },
    hear: (samples, heardMs) => {
      const isStamped = samples[0] === SIGN[0] && samples[1] === SIGN[1];
      if (!isStamped || reports.length >= MOST_REPORTS) return;
      reports.push({ stamp: samples.slice(TIME_AT, TIME_AT + TIME_SAMPLES), heardMs });
    },
    clear: () => {
      reports = [];
    },
  };
}

function writeTime(into: Int16Array, at: number, ms: number): void {
  let rest = Math.round(ms * 1000);
  for (let index = 0; index < TIME_SAMPLES; index += 1) {
    into[at + index] = rest % 0x1_0000;
    rest = Math.floor(rest / 0x1_0000);
  }
}
