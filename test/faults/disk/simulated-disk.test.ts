import { describe, expect, it } from '@jest/globals';
import { type CrashKind, SimulatedDisk } from './simulated-disk.ts';

const KINDS: readonly CrashKind[] = ['none', 'all', 'prefix', 'subset'];

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function contentOf(disk: SimulatedDisk, name: string): Uint8Array | undefined {
  return disk.files().find((file) => file.name === name)?.content;
}

async function syncedFile(disk: SimulatedDisk, name: string, bytes: Uint8Array) {
  const file = await disk.create(name);
  await file.write(bytes, 0);
  await file.sync();
  await disk.syncFolder();
  return file;
}

describe('the simulated disk', () => {
  it('keeps what was synced through every kind of crash', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(1500, 7));
    await file.write(filled(1500, 8), 1500);
    for (const kind of KINDS) {
      for (let seed = 1; seed < 20; seed += 1) {
        const content = contentOf(disk.crash(kind, { seed }), 'a');
        expect(content?.subarray(0, 1500)).toEqual(filled(1500, 7));
      }
    }
  });

  it('loses unsynced bytes and unsynced names in the worst crash and keeps them in the best', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(10, 1));
    await file.write(filled(10, 2), 5);
    const other = await disk.create('b');
    await other.write(filled(10, 3), 0);
    await other.sync();
    const worst = disk.crash('none');
    expect(contentOf(worst, 'a')).toEqual(filled(10, 1));
    expect(contentOf(worst, 'b')).toBeUndefined();
    const best = disk.crash('all');
    expect(contentOf(best, 'a')).toEqual(Uint8Array.from([...filled(5, 1), ...filled(10, 2)]));
    expect(contentOf(best, 'b')).toEqual(filled(10, 3));
  });

  it('brings back removed files and undoes truncations that were not synced', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(100, 1));
    await syncedFile(disk, 'b', filled(100, 2));
    await file.truncate(10);
    await disk.remove('b');
    const worst = disk.crash('none');
    expect(contentOf(worst, 'a')).toEqual(filled(100, 1));
    expect(contentOf(worst, 'b')).toEqual(filled(100, 2));
    await file.sync();
    await disk.syncFolder();
    const later = disk.crash('none');
    expect(contentOf(later, 'a')).toEqual(filled(10, 1));
    expect(contentOf(later, 'b')).toBeUndefined();
  });

  it('tears, reorders and zeroes unsynced writes at sectors only', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(100, 1));
    await file.write(filled(2000, 2), 100);
    await file.write(filled(2000, 3), 2100);
    const seen = { torn: false, reordered: false, zeroed: false };
    for (let seed = 1; seed < 200; seed += 1) {
      const content = contentOf(disk.crash('subset', { seed }), 'a') ?? filled(0, 0);
      const edges = [...content.keys()].filter((at) => at > 0 && content[at] !== content[at - 1]);
      expect(edges.every((at) => at % 512 === 0 || at === 100 || at === 2100)).toBe(true);
      seen.torn ||= content.length % 512 === 0;
      seen.reordered ||= content.length === 4100 && content[2000] === 0 && content[4000] === 3;
      seen.zeroed ||=
        content.length === 4100 && content.subarray(100, 2100).includes(2) && content[600] === 0;
    }
    expect(seen).toEqual({ torn: true, reordered: true, zeroed: true });
  });

  it('keeps what was written although the writer uses its buffer again', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(10, 1));
    const buffer = Buffer.alloc(10, 2);
    await file.write(buffer, 10);
    buffer.fill(3);
    const expected = Uint8Array.from([...filled(10, 1), ...filled(10, 2)]);
    expect(contentOf(disk.crash('all'), 'a')).toEqual(expected);
    expect(contentOf(disk.copy().crash('all'), 'a')).toEqual(expected);
  });

  it('gives the same crash for the same seed', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(100, 1));
    for (let index = 0; index < 20; index += 1) await file.write(filled(700, index), index * 650);
    const crash = (seed: number) => contentOf(disk.crash('subset', { seed }), 'a');
    expect(crash(5)).toEqual(crash(5));
    expect(crash(5)).not.toEqual(crash(6));
  });

  it('lets a sync cover only what was written before it began', async () => {
    const waiting: (() => void)[] = [];
    const time = {
      elapsedMs: () => 0,
      after: (_ms: number, run: () => void) => {
        waiting.push(run);
        return () => undefined;
      },
    };
    const disk = new SimulatedDisk({ time, delayMs: (call) => (call === 'sync' ? 5 : 0) });
    const file = await disk.create('a');
    await disk.syncFolder();
    await file.write(filled(10, 1), 0);
    const synced = file.sync();
    await file.write(filled(10, 2), 10);
    for (const run of waiting) run();
    await synced;
    expect(contentOf(disk.crash('none'), 'a')).toEqual(filled(10, 1));
  });

  it('never makes durable what a failed sync was to cover', async () => {
    const disk = new SimulatedDisk();
    const file = await syncedFile(disk, 'a', filled(10, 1));
    await file.write(filled(10, 2), 10);
    disk.inject({ call: 'sync', nth: 1, failure: 'EIO' });
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.write(filled(10, 3), 20);
    await file.sync();
    expect(contentOf(disk.crash('none'), 'a')).toEqual(
      Uint8Array.from([...filled(10, 1), ...filled(10, 0), ...filled(10, 3)]),
    );
  });

  it('writes short and then refuses when its room is used up', async () => {
    const disk = new SimulatedDisk({ capacityBytes: 100 });
    const file = await disk.create('a');
    expect(await file.write(filled(80, 1), 0)).toBe(80);
    expect(await file.write(filled(80, 2), 80)).toBe(20);
    await expect(file.write(filled(1, 2), 100)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await file.write(filled(50, 3), 0)).toBe(50);
    await file.truncate(0);
    expect(await disk.freeBytes()).toBe(100);
  });

  it('fails the call it was told to fail, and no other', async () => {
    const disk = new SimulatedDisk();
    const file = await disk.create('a');
    disk.inject({ call: 'write', nth: 2, failure: 'short' });
    disk.inject({ call: 'read', nth: 1, failure: 'EIO' });
    expect(await file.write(filled(10, 1), 0)).toBe(10);
    expect(await file.write(filled(10, 1), 10)).toBe(5);
    expect(await file.write(filled(10, 1), 15)).toBe(10);
    await expect(file.read(filled(5, 0), 0)).rejects.toMatchObject({ code: 'EIO' });
    expect(await file.read(filled(50, 0), 0)).toBe(25);
  });

  it('answers nothing any more once it is halted', async () => {
    const disk = new SimulatedDisk();
    const file = await disk.create('a');
    disk.halt(2);
    expect(await file.write(filled(10, 1), 0)).toBe(10);
    let answered = false;
    const dead = file.sync().then(() => {
      answered = true;
    });
    await disk.halted;
    await Promise.race([dead, new Promise((resolve) => setImmediate(resolve))]);
    expect(answered).toBe(false);
    expect(contentOf(disk.copy(), 'a')).toEqual(filled(10, 1));
  });
});
