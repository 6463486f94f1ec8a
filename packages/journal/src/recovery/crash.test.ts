import { describe, expect, it } from '@jest/globals';
import type { JournalDisk } from '../disk.ts';
import type { JournalSettings, JournalStream, Recovery } from '../journal.ts';
import { chanceOf } from '../testing/chance.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, RATE, session } from '../testing/test-journal.ts';

/** What the clients of a run know: how far each session was acknowledged, sent and released. */
interface Known {
  readonly acked: Map<string, number>;
  readonly sent: Map<string, number>;
  readonly released: Map<string, number>;
  readonly closed: Set<string>;
}

const seedOf = (id: string) => Number(id.slice(-4));

/** Random operations on up to four sessions, with a look at the disk now and then; `look` may throw to stop the run. */
async function run(
  disk: JournalDisk,
  chance: () => number,
  known: Known,
  options: {
    settings?: Partial<JournalSettings>;
    steps: number;
    opened?: (recovery: Recovery) => Promise<void>;
  },
): Promise<void> {
  const { journal, recovery } = await openTestJournal(disk, {
    settings: { fileBytes: 20_000, commitBytes: 4096, commitMs: 0, ...options.settings },
    seed: Math.floor(chance() * 1e6),
  });
  await options.opened?.(recovery);
  const note = () => {
    for (const [id, stream] of streams)
      known.acked.set(id, Math.max(known.acked.get(id) ?? 0, stream.durable('main')));
  };
  const streams = new Map<string, JournalStream>();
  journal.onCommit(note);
  for (let step = 0; step < options.steps; step += 1) {
    const ref = session(1 + Math.floor(chance() * 4));
    const id = ref.sessionId;
    if (known.closed.has(id)) continue;
    const stream = streams.get(id) ?? journal.stream(ref);
    if (!streams.has(id)) {
      stream.begin(stream.epoch + 1, { step });
      streams.set(id, stream);
    }
    const from = stream.end('main');
    const choice = chance();
    if (choice < 0.75) {
      const samples = 1 + Math.floor(chance() * 600);
      known.sent.set(id, Math.max(known.sent.get(id) ?? 0, from + samples));
      stream.append(
        { epoch: stream.epoch, track: 'main', sampleRate: RATE, from },
        pcm(seedOf(id), from, samples),
      );
    } else if (choice < 0.85) {
      const to = Math.floor(stream.durable('main') * chance());
      known.released.set(id, Math.max(known.released.get(id) ?? 0, to));
      stream.release('main', to);
    } else if (choice < 0.86) {
      known.closed.add(id);
      stream.close();
      streams.delete(id);
    } else if (choice < 0.95) await journal.whenDurable();
    else stream.describe({ step });
  }
  await journal.whenDurable();
  note();
  await journal.close();
}

async function check(recovery: Recovery, known: Known): Promise<void> {
  expect(recovery.damage).toEqual([]);
  const found = new Map(recovery.streams.map((stream) => [stream.stream.ref.sessionId, stream]));
  for (const [id, acked] of known.acked) {
    if (known.closed.has(id) || acked === 0) continue;
    const recovered = found.get(id);
    if (recovered === undefined) throw new Error(`${id} is lost`);
    const { stream } = recovered;
    expect(recovered.damaged).toEqual([]);
    expect(recovered.endInDoubt).toBe(false);
    expect(stream.end('main')).toBeGreaterThanOrEqual(acked);
    expect(stream.end('main')).toBeLessThanOrEqual(known.sent.get(id) ?? 0);
    expect(stream.start('main')).toBeLessThanOrEqual(known.released.get(id) ?? 0);
    const [from, to] = [stream.start('main'), stream.end('main')];
    expect(Buffer.from(await stream.read('main', from, to)).equals(pcm(seedOf(id), from, to - from))).toBe(
      true,
    );
    known.acked.set(id, to);
  }
}

/** A disk with everything that recovery has to put right: files, a tail above the floor, a removal and an erase. */
async function busyDisk(known: Known): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  let left: MemoryDisk | undefined;
  let knownThen = known;
  disk.fault = ({ kind, name, number }) => {
    // Batches are written, the newest of them not synced yet.
    if (left !== undefined || kind !== 'sync' || number < 60 || disk.unsyncedBytes(name) < 2000)
      return undefined;
    left = disk.snapshot();
    knownThen = copyOf(known);
    return undefined;
  };
  await run(disk, chanceOf(5), known, { steps: 600 });
  if (left === undefined) throw new Error('The run was too short.');
  known.acked.clear();
  for (const [id, acked] of knownThen.acked) known.acked.set(id, acked);
  return left;
}

class Crash extends Error {}

function unknown(): Known {
  return { acked: new Map(), sent: new Map(), released: new Map(), closed: new Set() };
}

function copyOf(known: Known): Known {
  return {
    acked: new Map(known.acked),
    sent: new Map(known.sent),
    released: new Map(known.released),
    closed: new Set(known.closed),
  };
}

describe('a crash at a random call', () => {
  it.each([
    ['a killed process', (disk: MemoryDisk) => disk.snapshot()],
    ['a power cut', (disk: MemoryDisk, chance: () => number) => disk.afterPowerCut(chance)],
    [
      'one after the other',
      (disk: MemoryDisk, chance: () => number) =>
        chance() < 0.5 ? disk.snapshot() : disk.afterPowerCut(chance),
    ],
  ])(
    'loses nothing acknowledged and invents nothing: %s',
    async (_, crash) => {
      for (let seed = 1; seed <= 150; seed += 1) {
        const chance = chanceOf(seed);
        let known = unknown();
        let disk = new MemoryDisk();
        for (let life = 0; life < 4; life += 1) {
          let left: MemoryDisk | undefined;
          let knownThen = known;
          const at = 1 + Math.floor(chance() * (life === 2 ? 25 : 150));
          const running = disk;
          running.fault = ({ number }) => {
            if (number !== at) return undefined;
            left = crash(running, chance);
            knownThen = copyOf(known);
            return undefined;
          };
          try {
            await run(running, chance, known, {
              steps: 60,
              opened: (recovery) => check(recovery, copyOf(known)),
            });
          } catch (error) {
            throw new Crash(`seed ${seed}, life ${life}`, { cause: error });
          }
          disk = left ?? running.snapshot();
          if (left !== undefined) {
            // What was sent, released or closed behind the crash never reached the disk, but may have been under way.
            known = { ...knownThen, sent: known.sent, released: known.released, closed: known.closed };
          }
        }
      }
    },
    120_000,
  );

  it('of recovery itself changes nothing, five times in a row at any calls', async () => {
    const known = unknown();
    const start = await busyDisk(known);
    expect(known.acked.size).toBeGreaterThan(2);
    const calm = start.snapshot();
    const { journal } = await openTestJournal(calm, { seed: 3 });
    const calls = calm.calls.length;
    await journal.close();
    expect(calls).toBeGreaterThan(20);
    const chance = chanceOf(9);
    for (let at = 1; at <= calls; at += 1) {
      for (const powerCuts of [0, 0.5, 1]) {
        let disk = start.snapshot();
        for (let depth = 0; depth < 5; depth += 1) {
          const running = disk;
          let left: MemoryDisk | undefined;
          const crashAt = depth === 0 ? at : 1 + Math.floor(chance() * calls);
          running.fault = ({ number }) => {
            if (number === crashAt)
              left = chance() < powerCuts ? running.afterPowerCut(chance) : running.snapshot();
            return undefined;
          };
          const { journal: doomed, recovery } = await openTestJournal(running, { seed: 10 * at + depth });
          await check(recovery, copyOf(known));
          await doomed.close();
          disk = left ?? running.snapshot();
        }
        const { journal: last, recovery } = await openTestJournal(disk, { seed: 77_000 + at });
        await check(recovery, copyOf(known));
        await last.close();
      }
    }
  }, 60_000);

  it('while it writes records again misses none that was never acknowledged', async () => {
    const known = unknown();
    const start = await busyDisk(known);
    expect(known.acked.size).toBeGreaterThan(2);
    const calm = start.snapshot();
    await (await openTestJournal(calm, { seed: 3 })).journal.close();
    const cut = calm.calls.find(({ kind }) => kind === 'truncate')?.number ?? 0;
    const copied = calm.calls.findLast(({ kind, number }) => kind === 'sync' && number < cut)?.number;
    expect(copied).toBeGreaterThan(5);
    const chance = chanceOf(11);
    for (let round = 0; round < 150; round += 1) {
      const running = start.snapshot();
      let left: MemoryDisk | undefined;
      running.fault = ({ number }) => {
        if (number === copied) left = running.afterPowerCut(chance);
        return undefined;
      };
      await (await openTestJournal(running, { seed: 3 })).journal.close();
      const { journal, recovery } = await openTestJournal(left ?? running, { seed: 4 });
      await check(recovery, copyOf(known));
      await journal.close();
    }
  });
});
