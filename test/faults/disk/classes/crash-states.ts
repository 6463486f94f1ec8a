import { type JournalSettings, type OpenJournal, openJournal } from '@earshot/journal';
import type { FaultClass, FaultFigures, FaultRun } from '../../runner/fault-class.ts';
import { type Random, seededRandom } from '../../runner/random.ts';
import type { SessionClaim } from '../oracle/claims.ts';
import { judgeErasure } from '../oracle/erased.ts';
import { judgeRecovery } from '../oracle/recovered.ts';
import { Verdict } from '../oracle/verdict.ts';
import { carryOn } from '../script/carried-on.ts';
import { JournalScript, type OpenedJournal, openOn, SMALL_JOURNAL } from '../script/journal-script.ts';
import { SteppedTime } from '../script/stepped-time.ts';
import { type CrashKind, SimulatedDisk } from '../simulated-disk.ts';

const STEPS = 130;
/** Calls after which the disk may look different; between others a crash leaves the same. */
const CHANGING: readonly string[] = ['create', 'write', 'sync', 'truncate', 'remove', 'syncFolder'];
const OS_JOURNAL: JournalSettings = { ...SMALL_JOURNAL, durability: 'os' };

/** The disk and the promises at one moment. */
interface Moment {
  readonly disk: SimulatedDisk;
  readonly claims: readonly SessionClaim[];
  readonly where: string;
}

/** Every crash state of a journal's life: at each call of the disk, with what was not synced lost, torn or reordered. */
export const journalCrashStates: FaultClass = {
  name: 'journal-crash-states',
  ciCount: 5_000,
  fullCount: 20_000,
  run: (run) => runCrashStates(run, openJournal),
};

/** The same for any implementation of the journal. */
export async function runCrashStates(run: FaultRun, open: OpenJournal): Promise<FaultFigures> {
  const verdict = new Verdict('journal-crash-states', run.log);
  const judged = new CrashJudge(open, verdict);
  const lives: Lives = { files: 0, removed: 0, closed: 0, erased: 0, writers: 0 };
  let scripts = 0;
  for (; verdict.injected < run.count; scripts += 1) {
    const seed = run.seed + scripts;
    const settings = scripts % 4 === 3 ? OS_JOURNAL : SMALL_JOURNAL;
    const moments = await momentsOf(seed, settings, { open, verdict, lives });
    const random = seededRandom(seed).fork('crashes');
    for (const moment of shuffled(moments, random))
      await judged.all(moment, { random, settings, limit: run.count });
    if (moments.length === 0) break;
    if (scripts % 10 === 9) run.log(`${scripts + 1} scripts, ${verdict.injected} states so far`);
  }
  const lived = `${scripts} scripts: ${lives.files} files made and ${lives.removed} removed, ${lives.writers} sessions with new writers, ${lives.closed} sessions closed and ${lives.erased} erased`;
  return verdict.figures(`${lived}; ${judged.recoveries} recoveries, ${judged.interrupted} of them cut off`);
}

/** What happened in the scripts, so that a report shows that it did. */
interface Lives {
  files: number;
  removed: number;
  closed: number;
  erased: number;
  writers: number;
}

function addLife(lives: Lives, disk: SimulatedDisk, claims: readonly SessionClaim[]): void {
  lives.files += disk.calls.filter(({ call }) => call === 'create').length;
  lives.removed += disk.calls.filter(({ call }) => call === 'remove').length;
  lives.closed += claims.filter(({ closeAsked }) => closeAsked).length;
  lives.erased += claims.filter(({ erase }) => erase === 'done').length;
  lives.writers += claims.reduce((sum, { epoch }) => sum + Number(epoch > 3), 0);
}

/** In any order, so that a small count sees a whole life too. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

async function momentsOf(
  seed: number,
  settings: JournalSettings,
  { open, verdict, lives }: { open: OpenJournal; verdict: Verdict; lives: Lives },
): Promise<Moment[]> {
  const moments: Moment[] = [];
  const time = new SteppedTime();
  const delay = seededRandom(seed).fork('delays');
  // Every second disk takes its time, so that appends, commits and removals overlap.
  const delayMs = (): number => (seed % 2 === 0 ? delay.between(0, 12) : 0);
  const disk = new SimulatedDisk({ seed, time, delayMs });
  verdict.where = `seed ${seed}, alive`;
  let script: JournalScript | undefined;
  const take = (call: string): void => {
    const where = `seed ${seed}, ${settings.durability}, before call ${disk.calls.length + 1}, ${call}`;
    moments.push({ disk: disk.copy({ seed }), claims: script?.claims() ?? [], where });
  };
  disk.onCall(({ call }) => {
    if (CHANGING.includes(call)) take(call);
  });
  try {
    script = new JournalScript(await openOn(disk, open, { settings, time }), seed, verdict);
    await script.run(STEPS);
    take('the end');
    addLife(lives, disk, script.claims());
    for (const refusal of script.refusals)
      verdict.wrong('stuck', `a call failed without a fault: ${refusal}`);
  } catch (error) {
    verdict.wrong('stuck', `the journal does not open: ${String(error)}`);
  }
  return moments;
}

interface CrashPlan {
  readonly random: Random;
  readonly settings: JournalSettings;
  readonly limit: number;
}

/** Crashes a moment in several ways and judges what comes back, and what comes back after that. */
class CrashJudge {
  recoveries = 0;
  interrupted = 0;
  readonly #open: OpenJournal;
  readonly #verdict: Verdict;
  #usualCalls = 20;

  constructor(open: OpenJournal, verdict: Verdict) {
    this.#open = open;
    this.#verdict = verdict;
  }

  async all(moment: Moment, plan: CrashPlan): Promise<void> {
    const kinds: readonly (CrashKind | 'kill')[] =
      plan.settings.durability === 'os'
        ? ['kill']
        : moment.disk.pendingChanges === 0
          ? ['none']
          : ['none', plan.random.pick(['kill', 'all']), 'prefix', 'subset', 'subset'];
    for (const kind of kinds) {
      if (this.#verdict.injected >= plan.limit) return;
      const seed = plan.random.between(1, 2 ** 30);
      this.#verdict.where = `${moment.where}, ${kind}, crash seed ${seed}`;
      this.#verdict.inject();
      const disk = kind === 'kill' ? moment.disk.copy({ seed }) : moment.disk.crash(kind, { seed });
      judgeErasure(disk, moment.claims, this.#verdict);
      try {
        await this.#state(disk, moment.claims, plan);
      } catch (error) {
        this.#verdict.wrong('stuck', error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    }
  }

  /** Recovers, perhaps after a recovery that was cut off; then goes on, loses power and recovers once more. */
  async #state(crashed: SimulatedDisk, claims: readonly SessionClaim[], plan: CrashPlan): Promise<void> {
    const disk = plan.random.chance(0.5) ? await this.#cutOff(crashed, plan) : crashed;
    const opened = await this.#recover(disk, plan.settings);
    await judgeRecovery(opened.recovery, claims, this.#verdict);
    const carried = await carryOn(opened, claims, this.#verdict);
    const seed = plan.random.between(1, 2 ** 30);
    const power = plan.settings.durability === 'os' ? disk.copy({ seed }) : disk.crash('none', { seed });
    const again = await this.#recover(power, plan.settings);
    this.#verdict.where += ', after going on';
    await judgeRecovery(again.recovery, carried, this.#verdict);
    judgeErasure(power, carried, this.#verdict);
  }

  async #recover(disk: SimulatedDisk, settings: JournalSettings): Promise<OpenedJournal> {
    this.recoveries += 1;
    const opened = await openOn(disk, this.#open, { settings });
    this.#usualCalls = disk.calls.length;
    return opened;
  }

  /** What a crash at any call of a recovery leaves. */
  async #cutOff(crashed: SimulatedDisk, { random, settings }: CrashPlan): Promise<SimulatedDisk> {
    const dying = crashed.copy({ seed: random.between(1, 2 ** 30) });
    const atCall = random.between(1, this.#usualCalls);
    dying.halt(atCall);
    this.recoveries += 1;
    this.interrupted += 1;
    await Promise.race([openOn(dying, this.#open, { settings }), dying.halted]);
    const kind =
      settings.durability === 'os' ? 'kill' : random.pick(['kill', 'none', 'all', 'prefix', 'subset']);
    const seed = random.between(1, 2 ** 30);
    this.#verdict.where += `, recovery cut off at call ${atCall} by ${kind}, crash seed ${seed}`;
    return kind === 'kill' ? dying.copy({ seed }) : dying.crash(kind as CrashKind, { seed });
  }
}
