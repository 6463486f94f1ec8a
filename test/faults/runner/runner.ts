import type { FaultClass, FaultFigures, FaultSkip } from './fault-class.ts';
import type { FaultRow } from './fault-row.ts';
import type { RunnerOptions } from './options.ts';
import { forkSeed } from './random.ts';

/** Runs classes one after the other; what goes wrong in one does not stop the next. */
export async function runClasses(
  classes: readonly FaultClass[],
  options: RunnerOptions,
  log: (line: string) => void,
): Promise<FaultRow[]> {
  const rows: FaultRow[] = [];
  for (const each of chosen(classes, options.only)) {
    const asked = options.count ?? (options.full ? each.fullCount : each.ciCount);
    const seed = options.seed;
    log(`${each.name}: ${asked} asked, seed ${seed}`);
    const began = performance.now();
    const outcome = await attempt(each, { count: asked, seed: forkSeed(seed, each.name), log });
    const row: FaultRow = {
      class: each.name,
      share: options.full ? 'full' : 'ci',
      asked,
      seed,
      seconds: Math.round((performance.now() - began) / 100) / 10,
      date: new Date().toISOString().slice(0, 10),
      outcome,
    };
    rows.push(row);
    if (!passed(row)) log(`${each.name}: repeat with --only ${each.name} --count ${asked} --seed ${seed}`);
    log(`${each.name}: ${summary(row)} after ${row.seconds} s`);
  }
  return rows;
}

/** True when all figures are 0 and all faults were injected, or the class was skipped. */
export function passed({ asked, outcome }: FaultRow): boolean {
  if (outcome.kind !== 'ran') return outcome.kind === 'skipped';
  const { injected, samplesLost, samplesDoubled, stuck, falseAcks } = outcome.figures;
  return injected >= asked && samplesLost + samplesDoubled + stuck + falseAcks === 0;
}

function chosen(classes: readonly FaultClass[], only: readonly string[]): readonly FaultClass[] {
  const unknown = only.filter((name) => !classes.some((each) => each.name === name));
  if (unknown.length > 0)
    throw new Error(
      `there is no class ${unknown.join(', ')}; there are ${classes.map((each) => each.name).join(', ')}`,
    );
  return only.length === 0 ? classes : classes.filter((each) => only.includes(each.name));
}

async function attempt(
  each: FaultClass,
  run: { count: number; seed: number; log: (line: string) => void },
): Promise<FaultRow['outcome']> {
  try {
    const result: FaultFigures | FaultSkip = await each.run(run);
    return 'skipped' in result
      ? { kind: 'skipped', reason: result.skipped }
      : { kind: 'ran', figures: result };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'failed', reason };
  }
}

function summary(row: FaultRow): string {
  const { outcome } = row;
  if (outcome.kind !== 'ran')
    return `${outcome.kind === 'skipped' ? 'skipped' : 'could not run'}, ${outcome.reason}`;
  const { injected, samplesLost, samplesDoubled, stuck, falseAcks, notes } = outcome.figures;
  const counts = `${injected} injected, ${samplesLost} lost, ${samplesDoubled} doubled, ${stuck} stuck, ${falseAcks} false acks`;
  return `${passed(row) ? 'passed' : 'FAILED'}, ${counts}${notes === undefined ? '' : ` (${notes})`}`;
}
