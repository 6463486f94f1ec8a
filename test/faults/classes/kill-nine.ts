import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultClass, FaultFigures, FaultRun } from '../runner/fault-class.ts';
import { forkSeed } from '../runner/random.ts';
import { type Scene, type Storm, storm } from './storm.ts';

/** SIGKILL of ingest, worker and Redis at random moments under live streams, some of them while they start. */
export const killNine: FaultClass = {
  name: 'kill-9',
  ciCount: 100,
  fullCount: 1000,
  run: (run) => killSideBySide(run),
};

/** Two systems, with half of the streams and of the kills each: while one starts again, the other takes its blows. */
async function killSideBySide(run: FaultRun): Promise<FaultFigures> {
  const [one, other] = await Promise.all([
    killProcesses({ ...run, count: Math.ceil(run.count / 2), seed: forkSeed(run.seed, 'one') }),
    killProcesses({ ...run, count: Math.floor(run.count / 2), seed: forkSeed(run.seed, 'other') }),
  ]);
  return {
    class: one.class,
    injected: one.injected + other.injected,
    samplesLost: one.samplesLost + other.samplesLost,
    samplesDoubled: one.samplesDoubled + other.samplesDoubled,
    stuck: one.stuck + other.stuck,
    falseAcks: one.falseAcks + other.falseAcks,
    notes: `${one.notes ?? ''}; beside it ${other.notes ?? ''}`,
  };
}

/** `settings` replace what the storm is like. */
export async function killProcesses(run: FaultRun, settings: Partial<Storm> = {}): Promise<FaultFigures> {
  const killed = new Map<string, number>();
  return storm({
    name: 'kill-9',
    run,
    speakers: 10,
    seconds: [10, 30],
    speed: 4,
    moving: 3,
    calmMs: [0, 500],
    inject: (scene) => killOne(scene, killed),
    notes: () => [...killed].map(([name, times]) => `${name} ${times}`).join(', '),
    ...settings,
  });
}

/** Kills one process, sees to its restart, and at times kills it again before it is ready. */
async function killOne({ earshot, random }: Scene, killed: Map<string, number>): Promise<number> {
  const draw = random.next();
  const [node] = earshot.ingest;
  const [worker] = earshot.workers;
  if (node === undefined || worker === undefined) throw new Error('there is nothing to kill');
  const victim = draw < 0.5 ? node.process : draw < 0.7 ? worker : earshot.redis.server;
  const kill = async (): Promise<void> => {
    await victim.kill();
    const name = victim.name.replace(/-\d+$/, '');
    killed.set(name, (killed.get(name) ?? 0) + 1);
  };
  await kill();
  if (!random.chance(0.25)) {
    await victim.start();
    return 1;
  }
  const started = victim.start();
  await sleep(random.between(0, 500));
  await kill();
  // It may have been ready before it was killed again.
  await started;
  await victim.start();
  return 2;
}
