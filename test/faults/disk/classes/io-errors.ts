import { type OpenJournal, openJournal } from '@earshot/journal';
import type { FaultClass, FaultFigures, FaultRun } from '../../runner/fault-class.ts';
import type { DiskCallRecord, DiskFault } from '../disk-faults.ts';
import type { SessionClaim } from '../oracle/claims.ts';
import { judgeRecovery } from '../oracle/recovered.ts';
import { Verdict } from '../oracle/verdict.ts';
import { carryOn } from '../script/carried-on.ts';
import { JournalScript, type OpenedJournal, openOn } from '../script/journal-script.ts';
import { SimulatedDisk } from '../simulated-disk.ts';

const STEPS = 130;
/** Calls that a full disk goes on refusing before there is room again. */
const FULL_CALLS = 25;
const FAILURES = ['EIO', 'ENOSPC', 'short', 'full'] as const;

type Failure = (typeof FAILURES)[number];

/** Every call of the disk in turn failing once, while a journal is written and while it is recovered. */
export const journalIoErrors: FaultClass = {
  name: 'journal-io-errors',
  ciCount: 1,
  fullCount: 5,
  run: (run) => runIoErrors(run, openJournal),
};

/** The same for any implementation; `count` scripts of so many steps, each with all of its calls. */
export async function runIoErrors(run: FaultRun, open: OpenJournal, steps = STEPS): Promise<FaultFigures> {
  const verdict = new Verdict('journal-io-errors', run.log);
  const notes: string[] = [];
  for (let script = 0; script < run.count; script += 1) {
    const rig = new FailingLife({ open, verdict, seed: run.seed + script, steps });
    notes.push(await rig.everyCall());
    run.log(`script ${script + 1}: ${verdict.injected} failures so far`);
  }
  return verdict.figures(notes[0] ?? '');
}

/** One script, run once for each call and each way in which the call may fail. */
class FailingLife {
  readonly #open: OpenJournal;
  readonly #verdict: Verdict;
  readonly #seed: number;
  readonly #steps: number;

  constructor(life: { open: OpenJournal; verdict: Verdict; seed: number; steps: number }) {
    this.#open = life.open;
    this.#verdict = life.verdict;
    this.#seed = life.seed;
    this.#steps = life.steps;
  }

  async everyCall(): Promise<string> {
    const whole = new SimulatedDisk({ seed: this.#seed });
    const script = await this.#live(whole);
    const left = whole.copy({ seed: this.#seed + 1 });
    await openOn(left, this.#open);
    const [calls, recoveryCalls] = [whole.calls.length, left.calls.length];
    for (const failure of FAILURES) {
      for (let call = 1; call <= calls; call += 1)
        await this.#guarded(() => this.#fail(failure, call), failure, call);
      for (let call = 1; call <= recoveryCalls; call += 1) {
        await this.#guarded(
          () => this.#failRecovery(whole, script.claims(), { failure, call }),
          failure,
          -call,
        );
      }
    }
    return `${calls} calls of a life and ${recoveryCalls} of a recovery, each failing in ${FAILURES.length} ways`;
  }

  async #guarded(run: () => Promise<void>, failure: Failure, call: number): Promise<void> {
    const moment = call > 0 ? `call ${call}` : `recovery call ${-call}`;
    this.#verdict.where = `seed ${this.#seed}, ${failure} at ${moment}`;
    try {
      await run();
    } catch (error) {
      this.#verdict.wrong('stuck', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  async #live(disk: SimulatedDisk): Promise<JournalScript> {
    const script = new JournalScript(await openOn(disk, this.#open), this.#seed, this.#verdict);
    await script.run(this.#steps);
    return script;
  }

  async #fail(failure: Failure, call: number): Promise<void> {
    const disk = new SimulatedDisk({ seed: this.#seed });
    const failed = failAt(disk, failure, call);
    let script: JournalScript;
    try {
      script = await this.#live(disk);
    } catch (error) {
      if (failure === 'short' || error instanceof RangeError) throw error;
      this.#count(failed());
      heal(disk);
      await openOn(disk.copy(), this.#open);
      return;
    }
    const met = failed();
    this.#count(met);
    if (met === undefined) return;
    this.#verdict.where += ` (${met.call} of ${met.name})`;
    heal(disk);
    await this.#judgeLife(script, { disk, failure, met });
    await this.#judgeRestart(disk, script.claims());
  }

  /** A journal that can keep its promises goes on; one that cannot says so. */
  async #judgeLife(
    script: JournalScript,
    { disk, failure, met }: { disk: SimulatedDisk; failure: Failure; met: DiskCallRecord },
  ): Promise<void> {
    const { opened, refusals } = script;
    if (failure === 'short' && refusals.length > 0)
      this.#verdict.wrong('stuck', `refused: ${refusals[0] ?? ''}`);
    const failed = opened.failures.length > 0;
    if (opened.failures.length > 1) this.#verdict.wrong('falseAcks', 'the failure was told twice');
    if (failed !== (opened.journal.state === 'failed'))
      this.#verdict.wrong('stuck', 'its state hides the failure');
    if (met.call === 'sync' && failure !== 'short' && failure !== 'full' && met.name !== 'reserve') {
      if (!failed) this.#verdict.wrong('falseAcks', 'a failed sync was not told');
      const later = disk.calls.filter(
        ({ number, call, name }) => number > met.number && call === 'sync' && name === met.name,
      );
      if (later.length > 0) this.#verdict.wrong('falseAcks', 'a file was synced again after a failed sync');
      return;
    }
    const mayFail = failure === 'EIO' || met.call === 'sync' || met.call === 'syncFolder';
    // A journal that is told to close on a full disk cannot wait for room.
    const closedWhileFull = failure === 'full' && script.closed;
    if (failed && !mayFail && !closedWhileFull)
      this.#verdict.wrong('stuck', `it failed for good: ${String(opened.failures[0])}`);
    if (!failed) await this.#judgeHealed(opened, script.closed);
  }

  async #judgeHealed({ journal, time }: OpenedJournal, closed: boolean): Promise<void> {
    if (closed) return;
    await time.wait(journal.whenDurable());
    await time.pass(20);
    if (journal.state !== 'ok') this.#verdict.wrong('stuck', `its state stays ${journal.state}`);
  }

  /** After a kill and after a power cut everything that was promised is there. */
  async #judgeRestart(disk: SimulatedDisk, claims: readonly SessionClaim[]): Promise<void> {
    const { where } = this.#verdict;
    for (const kind of ['kill', 'none', 'subset'] as const) {
      this.#verdict.where = `${where}, then ${kind}`;
      const left = kind === 'kill' ? disk.copy({ seed: 2 }) : disk.crash(kind, { seed: this.#seed });
      const opened = await openOn(left, this.#open);
      await judgeRecovery(opened.recovery, claims, this.#verdict);
      await carryOn(opened, claims, this.#verdict);
    }
  }

  async #failRecovery(
    whole: SimulatedDisk,
    claims: readonly SessionClaim[],
    { failure, call }: { failure: Failure; call: number },
  ): Promise<void> {
    const disk = whole.copy({ seed: this.#seed + 1 });
    const failed = failAt(disk, failure, call);
    try {
      const opened = await openOn(disk, this.#open);
      const met = failed();
      this.#count(met);
      if (met !== undefined) this.#verdict.where += ` (${met.call} of ${met.name})`;
      await judgeRecovery(opened.recovery, claims, this.#verdict);
    } catch (error) {
      this.#count(failed());
      if (failure === 'short') throw error;
    }
    heal(disk);
    await this.#judgeRestart(disk, claims);
  }

  #count(met: DiskCallRecord | undefined): void {
    if (met !== undefined) this.#verdict.inject();
  }
}

/** Lets one call fail; the answer tells which it was, once it has come. */
function failAt(disk: SimulatedDisk, failure: Failure, call: number): () => DiskCallRecord | undefined {
  if (failure === 'full') {
    disk.onCall(({ number }) => {
      if (number === call) disk.capacityBytes = 0;
      if (number === call + FULL_CALLS) disk.capacityBytes = Number.POSITIVE_INFINITY;
    });
  } else {
    const fault: DiskFault = { call: 'any', nth: call, failure };
    disk.inject(fault);
  }
  return () => disk.calls[call - 1];
}

function heal(disk: SimulatedDisk): void {
  disk.heal();
  disk.onCall(() => undefined);
  disk.capacityBytes = Number.POSITIVE_INFINITY;
}
