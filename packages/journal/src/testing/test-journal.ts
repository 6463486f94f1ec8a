import type { JournalDisk, JournalTime } from '../disk.ts';
import type { Journal, JournalSettings, JournalStream, Recovery } from '../journal.ts';
import { openJournal } from '../open.ts';

export const RATE = 16_000;

const SETTINGS: JournalSettings = {
  durability: 'fsync',
  commitMs: 1,
  commitBytes: 65_536,
  fileBytes: 1_048_576,
  reserveBytes: 0,
  lowWaterBytes: 0,
  maxUnsyncedBytes: 1_048_576,
};

export interface TestJournal {
  readonly journal: Journal;
  readonly recovery: Recovery;
  readonly failures: Error[];
}

/** Time that passes as fast as the disk works. */
const quickTime: JournalTime = {
  elapsedMs: () => performance.now(),
  after: (_, run) => {
    const timer = setImmediate(run);
    return () => {
      clearImmediate(timer);
    };
  },
};

/** Opens a journal with settings for tests; random bytes are the same in every run. */
export async function openTestJournal(
  disk: JournalDisk,
  options: {
    readonly settings?: Partial<JournalSettings>;
    readonly time?: JournalTime;
    readonly seed?: number;
  } = {},
): Promise<TestJournal> {
  const failures: Error[] = [];
  let seed = options.seed ?? 1;
  const { journal, recovery } = await openJournal({
    disk,
    time: options.time ?? quickTime,
    randomBytes: (count) => {
      seed += 1;
      return pcm(seed, 0, count).slice(0, count);
    },
    settings: { ...SETTINGS, ...options.settings },
    onFailure: (error) => failures.push(error),
  });
  return { journal, recovery, failures };
}

export function session(number: number): { tenant: string; sessionId: string } {
  return { tenant: 'acme', sessionId: `ses_${String(number).padStart(26, '0')}` };
}

/** A local name: in the sandbox of the test runner every look at a global is slow. */
const { imul } = Math;

/** PCM16LE whose every sample follows from a seed and its position. */
export function pcm(seed: number, from: number, samples: number): Uint8Array {
  const out = new Int16Array(samples);
  for (let i = 0; i < samples; i += 1) {
    const mixed = imul((from + i) ^ imul(seed, 0x9e37_79b1), 0x85eb_ca6b);
    out[i] = imul(mixed ^ (mixed >>> 15), 0xc2b2_ae35) >> 16;
  }
  return new Uint8Array(out.buffer);
}

/** Appends the computed audio of `seed` where the stream's main track stands. */
export function speak(stream: JournalStream, seed: number, samples: number): void {
  const from = stream.end('main');
  stream.append({ epoch: stream.epoch, track: 'main', sampleRate: RATE, from }, pcm(seed, from, samples));
}
