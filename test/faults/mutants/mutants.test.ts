import { describe, expect, it } from '@jest/globals';
import { dropConnections } from '../classes/connection-drops.ts';
import { killProcesses } from '../classes/kill-nine.ts';
import type { Scene, Storm } from '../classes/storm.ts';
import { type Mutant, mutantArgs } from '../processes/mutant.ts';
import type { FaultFigures } from '../runner/fault-class.ts';

const acknowledger = 'services/ingest/dist/stream/socket/acknowledged/acknowledger.js';

/** Writes a while after it was asked to; harmless unless acknowledgements do not wait for it. */
const writesLate: Mutant = {
  file: 'packages/journal/dist/writing/committer.js',
  find: 'async #store(batch) {',
  replace: 'async #store(batch) { await new Promise((resolve) => setTimeout(resolve, 300));',
};
/** Asks again for what it has. */
const loweredReady: Mutant = {
  file: acknowledger,
  find: 'this.#start[0]?.received ?? 0',
  replace: 'this.#start[0]?.archived ?? 0',
};
/** Lets an older connection write beside the newer one. */
const writesUnfenced: Mutant = {
  file: 'packages/intake/dist/tenure/tenure-connection.js',
  find: 'if (this.#isFenced())\n            throw',
  replace: 'if (false)\n            throw',
};

const staysUntold: Mutant = {
  file: 'packages/intake/dist/tenure/tenure.js',
  find: "older?.halt('superseded', 0);",
  replace: '',
};

const small = { speakers: 6, seconds: [12, 20], settleMs: 8000, keepEvidence: false } as const;
const patient = { ...small, settleMs: 90_000, keepEvidence: true };
const run = (count: number) => ({ count, seed: 11, log: () => undefined });

/** Only the ingest, well under way. */
async function killIngest({ earshot: { ingest } }: Scene): Promise<number> {
  await ingest[0]?.process.kill();
  await ingest[0]?.process.start();
  return 1;
}

const killing = (settings: Partial<Storm>): Promise<FaultFigures> =>
  killProcesses(run(4), { ...settings, calmMs: [500, 1200], inject: killIngest });

const dropping = (settings: Partial<Storm>): Promise<FaultFigures> => dropConnections(run(40), settings);

function madeOf(...mutants: Mutant[]): Partial<Storm> {
  return { ...small, earshot: { nodeArgs: mutantArgs(...mutants) } };
}

describe('the rig', () => {
  it('finds acknowledgements of audio that is in memory only', async () => {
    const earshot = { nodeArgs: mutantArgs(writesLate), env: { EARSHOT_JOURNAL_DURABILITY: 'off' } };
    const { falseAcks } = await killing({ ...small, earshot });
    expect(falseAcks).toBeGreaterThan(0);
  }, 120_000);

  it('finds a server that asks again for what it has', async () => {
    const { falseAcks, samplesDoubled } = await dropping(madeOf(loweredReady));
    expect(falseAcks).toBeGreaterThan(0);
    expect(samplesDoubled).toBeGreaterThan(0);
  }, 120_000);

  it('finds two connections that write at once', async () => {
    const { samplesDoubled, samplesLost } = await dropping(madeOf(writesUnfenced, staysUntold));
    expect(samplesDoubled + samplesLost).toBeGreaterThan(0);
  }, 120_000);

  it('finds nothing in the same storms when no rule is broken', async () => {
    const clean = { samplesLost: 0, samplesDoubled: 0, stuck: 0, falseAcks: 0 };
    expect(await dropping(patient)).toMatchObject(clean);
    expect(await killing(patient)).toMatchObject(clean);
  }, 300_000);
});
