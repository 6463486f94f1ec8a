import { describe, expect, it } from '@jest/globals';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, session, speak } from '../testing/test-journal.ts';

const SETTINGS = { fileBytes: 20_000 };

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('files in which everything is released', () => {
  it('are removed, also from between files that are needed, and nothing comes back at the next start', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { settings: SETTINGS });
    const [long, idle, short] = [1, 2, 3].map((number) => {
      const stream = journal.stream(session(number));
      stream.begin(4, { number });
      return stream;
    });
    speak(long!, 1, 100);
    speak(idle!, 2, 100);
    idle!.release('main', 100);
    for (let i = 0; i < 100; i += 1) {
      speak(short!, 3, 320);
      await journal.whenDurable();
    }
    short!.release('main', 16_000);
    short!.close();
    const closedAgain = journal.stream(session(4));
    closedAgain.begin(1, {});
    await journal.whenDurable();
    await quiet();
    expect(disk.names().length).toBeLessThanOrEqual(3);
    for (let start = 0; start < 3; start += 1) {
      const { journal: next, recovery } = await openTestJournal(start === 0 ? disk.snapshot() : disk, {
        settings: SETTINGS,
        seed: 100 + start,
      });
      expect(recovery.damage).toEqual([]);
      expect(recovery.streams.map(({ stream, meta }) => [stream.ref, stream.epoch, meta['number']])).toEqual([
        [session(1), 4, 1],
        [session(2), 4, 2],
        [session(4), 1, undefined],
      ]);
      const [one, two] = recovery.streams;
      expect(Buffer.from((await one?.stream.read('main', 0, 100)) ?? []).equals(pcm(1, 0, 100))).toBe(true);
      expect(two?.stream.ranges()).toEqual([]);
      expect(two?.stream.end('main')).toBe(100);
      await quiet();
      await next.close();
      if (start === 0) await journal.close();
    }
  });

  it('are left behind when they are the active one and big', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { settings: { fileBytes: 1e9 } });
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    for (let i = 0; i < 60; i += 1) speak(stream, 1, 10_000);
    await journal.whenDurable();
    expect(journal.figures().bytes).toBeGreaterThan(1_200_000);
    stream.release('main', 600_000);
    await journal.whenDurable();
    await quiet();
    expect(journal.figures().bytes).toBeLessThan(20_000);
    expect(disk.names()).toHaveLength(1);
    await journal.close();
  });

  it('go after a disk that could not remove them can again', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { settings: SETTINGS });
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    let refuse = true;
    disk.fault = ({ kind }) => (refuse && kind === 'remove' ? { code: 'EPERM' } : undefined);
    for (let i = 0; i < 100; i += 1) {
      speak(stream, 1, 320);
      await journal.whenDurable();
      stream.release('main', stream.durable('main'));
    }
    await quiet();
    const before = disk.names().length;
    refuse = false;
    speak(stream, 1, 320);
    await journal.whenDurable();
    await quiet();
    expect(before).toBeGreaterThan(3);
    expect(disk.names().length).toBeLessThanOrEqual(2);
    await journal.close();
  });
});
