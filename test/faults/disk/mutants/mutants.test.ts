import type { OpenJournal } from '@earshot/journal';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { FaultFigures } from '../../runner/fault-class.ts';
import { runBitFlips } from '../classes/bit-flips.ts';
import { runCrashStates } from '../classes/crash-states.ts';
import { runIoErrors } from '../classes/io-errors.ts';
import { type JournalMutant, loadJournal } from './mutated-journal.ts';

type Trial = (open: OpenJournal, seed: number) => Promise<FaultFigures>;

const ROUNDS = 3;
const TIMEOUT_MS = 120_000;

const log = (): void => undefined;
const crashStates: Trial = (open, seed) => runCrashStates({ seed, log, count: 50 }, open);
const bitFlips: Trial = (open, seed) => runBitFlips({ seed, log, count: 15 }, open);
const ioErrors: Trial = (open, seed) => runIoErrors({ seed, log, count: 1 }, open, 6);

const MUTANTS: readonly (JournalMutant & { readonly trial: Trial })[] = [
  {
    breaks: 'acknowledges before the sync has ended',
    trial: crashStates,
    file: 'writing/committer.ts',
    find: 'if (syncs) await syncOnce(handle);',
    replace: 'if (syncs) void syncOnce(handle);',
  },
  {
    breaks: 'forgets to sync the folder of a new file',
    trial: crashStates,
    file: 'writing/committer.ts',
    find: 'await syncOnce({ sync: () => disk.syncFolder() });',
    replace: '',
  },
  {
    breaks: 'lets an older epoch write',
    trial: crashStates,
    file: 'streams/session-stream.ts',
    find: 'if (range.epoch !== this.#state.epoch) throw new JournalFenced();',
    replace: '',
  },
  {
    breaks: 'does not sync what it has erased',
    trial: crashStates,
    file: 'erasing/eraser.ts',
    find: 'if (bytes > 0) await this.#deps.committer.sync(handle);',
    replace: '',
  },
  {
    breaks: 'serves a payload without its checksum',
    trial: bitFlips,
    file: 'format/record.ts',
    find: 'return check === record.payloadCheck ? payload : undefined;',
    replace: 'return check === record.payloadCheck ? payload : payload;',
  },
  {
    breaks: 'ends a file at its first bad record',
    trial: bitFlips,
    file: 'recovery/scan.ts',
    find: 'at = next;',
    replace: 'at = bytes.length;',
  },
  {
    breaks: 'takes a short write for a whole one',
    trial: ioErrors,
    file: 'disk/whole.ts',
    find: 'while (place.progress < bytes.length) {',
    replace: 'if (place.progress < bytes.length) {',
  },
  {
    breaks: 'syncs again after a failed sync',
    trial: ioErrors,
    file: 'writing/committer.ts',
    find: "throw new Error('The journal could not be synced.', { cause });",
    replace: 'if (cause !== undefined) await file.sync();',
  },
];

let folder: TemporaryFolder | undefined;

/** Violations of the first round that has any. */
async function violations(trial: Trial, mutant: JournalMutant | undefined): Promise<number> {
  folder = await temporaryFolder();
  const open = await loadJournal(folder.path, mutant);
  let found = 0;
  for (let seed = 1; seed <= ROUNDS && found === 0; seed += 1) {
    const { samplesLost, samplesDoubled, stuck, falseAcks } = await trial(open, seed);
    found = samplesLost + samplesDoubled + stuck + falseAcks;
  }
  return found;
}

afterEach(async () => {
  await folder?.remove();
});

describe('the rig', () => {
  it.each(MUTANTS)(
    'notices a journal that $breaks',
    async ({ trial, ...mutant }) => {
      expect(await violations(trial, mutant)).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['crash states', crashStates],
    ['bit flips', bitFlips],
    ['I/O errors', ioErrors],
  ])(
    'finds nothing wrong with the journal as it is: %s',
    async (_name, trial) => {
      expect(await violations(trial, undefined)).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('says so when a mutant does not fit the journal any more', async () => {
    const mutant = { breaks: 'is not there', file: 'open.ts', find: 'no such text', replace: '' };
    await expect(violations(crashStates, mutant)).rejects.toThrow('does not fit');
  });
});
