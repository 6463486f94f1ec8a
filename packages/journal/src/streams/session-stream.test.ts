import { describe, expect, it } from '@jest/globals';
import type { DiskFile } from '../disk.ts';
import { JournalFenced } from '../errors.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, RATE, session, speak } from '../testing/test-journal.ts';

const MAIN = { track: 'main', sampleRate: RATE } as const;

async function opened(disk = new MemoryDisk()) {
  const { journal } = await openTestJournal(disk);
  const stream = journal.stream(session(1));
  stream.begin(1, { a: 1 });
  return { disk, journal, stream };
}

async function reopened(disk: MemoryDisk) {
  const { journal, recovery } = await openTestJournal(disk.snapshot(), { seed: 99 });
  return { journal, recovery, stream: recovery.streams[0]?.stream };
}

describe('a stream of the journal', () => {
  it('takes audio only where the track stands', async () => {
    const { stream, journal } = await opened();
    speak(stream, 1, 100);
    for (const from of [0, 99, 101]) {
      expect(() => {
        stream.append({ epoch: 1, ...MAIN, from }, pcm(1, 0, 10));
      }).toThrow(RangeError);
    }
    expect(() => {
      stream.append({ epoch: 1, ...MAIN, from: 100 }, new Uint8Array(3));
    }).toThrow(RangeError);
    expect(() => {
      stream.append({ epoch: 1, ...MAIN, sampleRate: 8000, from: 100 }, pcm(1, 0, 10));
    }).toThrow(RangeError);
    expect(stream.end('main')).toBe(100);
    expect(stream.end('inbound')).toBe(0);
    await journal.close();
  });

  it('begins a track anywhere, and says after a restart that nothing came before', async () => {
    const { disk, journal, stream } = await opened();
    stream.append({ epoch: 1, ...MAIN, from: 5000 }, pcm(1, 5000, 50));
    stream.skip({ epoch: 1, track: 'inbound', sampleRate: 8000, from: 70, to: 90, reason: 'dropped' });
    await journal.whenDurable();
    const { stream: again, recovery } = await reopened(disk);
    expect(again?.ranges()).toEqual([
      { track: 'main', sampleRate: RATE, from: 5000, to: 5050 },
      { track: 'inbound', sampleRate: 8000, from: 70, to: 90 },
    ]);
    expect(again?.gaps()).toEqual([{ track: 'inbound', from: 70, to: 90, reason: 'dropped' }]);
    expect(recovery.streams[0]?.damaged).toEqual([]);
    await journal.close();
  });

  it('reads gaps as zeros and stretches a gap up to audio behind it', async () => {
    const { disk, journal, stream } = await opened();
    speak(stream, 1, 100);
    stream.skip({ epoch: 1, ...MAIN, from: 100, to: 150, reason: 'missing_frames' });
    stream.append({ epoch: 1, ...MAIN, from: 180 }, pcm(1, 180, 20));
    await journal.whenDurable();
    const expected = Buffer.from(pcm(1, 0, 200)).fill(0, 200, 360);
    for (const held of [stream, (await reopened(disk)).stream]) {
      expect(held?.gaps()).toEqual([{ track: 'main', from: 100, to: 180, reason: 'missing_frames' }]);
      expect(Buffer.from((await held?.read('main', 0, 200)) ?? []).equals(expected)).toBe(true);
      const used = new Uint8Array(400).fill(0xaa);
      await held?.readInto('main', 0, used);
      expect(Buffer.from(used).equals(expected)).toBe(true);
    }
    await expect(stream.read('main', 0, 201)).rejects.toThrow(RangeError);
    await expect(stream.readInto('main', 0, new Uint8Array(402))).rejects.toThrow(RangeError);
    await journal.close();
  });

  it('leaves memory alone that it was to read into, once a read of several is refused', async () => {
    const disk = new MemoryDisk();
    let reads = 0;
    const slow = (file: DiskFile): DiskFile => ({
      ...file,
      read: async (into, at) => {
        reads += 1;
        if (reads === 2) throw new Error('refused');
        await new Promise((resolve) => setTimeout(resolve, 20));
        return await file.read(into, at);
      },
    });
    const { journal } = await openTestJournal({
      list: () => disk.list(),
      create: async (name) => slow(await disk.create(name)),
      open: async (name) => slow(await disk.open(name)),
      remove: (name) => disk.remove(name),
      syncFolder: () => disk.syncFolder(),
      freeBytes: () => disk.freeBytes(),
    });
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    const other = journal.stream(session(2));
    other.begin(1, {});
    // What lies between keeps the pieces from being read in one go.
    for (let piece = 0; piece < 4; piece += 1) {
      speak(stream, 1, 1000);
      await journal.whenDurable();
      speak(other, 2, 20_000);
      await journal.whenDurable();
    }
    const memory = new Uint8Array(8000);
    await expect(stream.readInto('main', 0, memory)).rejects.toThrow('refused');
    expect(reads).toBeGreaterThan(2);
    const then = Buffer.from(memory);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(Buffer.from(memory).equals(then)).toBe(true);
    await stream.readInto('main', 0, memory);
    expect(Buffer.from(memory).equals(pcm(1, 0, 4000))).toBe(true);
    await journal.close();
  });

  it('fences writers of older epochs, also behind a restart', async () => {
    const { disk, journal, stream } = await opened();
    speak(stream, 1, 100);
    stream.begin(5, { b: 2 });
    expect(() => {
      stream.append({ epoch: 1, ...MAIN, from: 100 }, pcm(1, 100, 10));
    }).toThrow(JournalFenced);
    expect(() => {
      stream.skip({ epoch: 1, ...MAIN, from: 100, to: 110, reason: 'dropped' });
    }).toThrow(JournalFenced);
    expect(() => {
      stream.begin(4, {});
    }).toThrow(JournalFenced);
    speak(stream, 1, 10);
    await journal.whenDurable();
    const { recovery, stream: again } = await reopened(disk);
    expect(again?.epoch).toBe(5);
    expect(again?.end('main')).toBe(110);
    expect(recovery.streams[0]?.meta).toEqual({ b: 2 });
    expect(() => again?.append({ epoch: 1, ...MAIN, from: 110 }, pcm(1, 110, 10))).toThrow(JournalFenced);
    await journal.close();
  });

  it('remembers the newest meta and what was released', async () => {
    const { disk, journal, stream } = await opened();
    for (let i = 0; i < 10; i += 1) speak(stream, 1, 100);
    stream.describe({ c: [3] });
    stream.release('main', 450);
    await journal.whenDurable();
    expect(stream.start('main')).toBe(450);
    const { recovery, stream: again } = await reopened(disk);
    expect(recovery.streams[0]?.meta).toEqual({ c: [3] });
    expect(again?.start('main')).toBe(450);
    expect(Buffer.from((await again?.read('main', 450, 1000)) ?? []).equals(pcm(1, 450, 550))).toBe(true);
    await expect(again?.read('main', 449, 1000)).rejects.toThrow(RangeError);
    expect(() => {
      stream.release('main', 1001);
    }).toThrow(RangeError);
    await journal.close();
  });

  it('is handed back without audio when its epoch did not close, and not at all when it did', async () => {
    const { disk, journal, stream } = await opened();
    speak(stream, 1, 100);
    stream.release('main', 100);
    await journal.whenDurable();
    expect((await reopened(disk)).stream?.end('main')).toBe(100);
    stream.close();
    expect(() => {
      speak(stream, 1, 100);
    }).toThrow(JournalFenced);
    await journal.whenDurable();
    expect((await reopened(disk)).recovery.streams).toEqual([]);
    const next = journal.stream(session(1));
    expect(next).not.toBe(stream);
    expect(next.end('main')).toBe(0);
    await journal.close();
  });

  it('is one object as long as it is open', async () => {
    const { journal, stream } = await opened();
    expect(journal.stream(session(1))).toBe(stream);
    const told: number[] = [];
    journal.onCommit((moved) => {
      for (const one of moved) if (one === stream) told.push(one.durable('main'));
    });
    speak(stream, 1, 100);
    expect(stream.durable('main')).toBe(0);
    await journal.whenDurable();
    expect(told).toEqual([100]);
    await journal.close();
  });
});

describe('durability', () => {
  it.each(['os', 'off'] as const)('never syncs a batch with %s', async (durability) => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { settings: { durability } });
    const syncs = disk.calls.filter(({ kind }) => kind === 'sync').length;
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    speak(stream, 1, 100);
    expect(stream.durable('main')).toBe(durability === 'off' ? 100 : 0);
    await journal.whenDurable();
    expect(stream.durable('main')).toBe(100);
    await journal.close();
    expect(disk.calls.filter(({ kind }) => kind === 'sync')).toHaveLength(syncs);
    expect((await reopened(disk)).stream?.end('main')).toBe(100);
  });
});
