import { describe, expect, it } from '@jest/globals';
import type { JournalStream } from '../journal.ts';
import { type DiskCall, MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, session, speak, type TestJournal } from '../testing/test-journal.ts';

const SETTINGS = { fileBytes: 20_000, commitBytes: 4096, commitMs: 0 };

interface Outcome {
  readonly opened: TestJournal;
  readonly stream: JournalStream;
  readonly error: unknown;
}

/** A short run over several files, up to its end or to the first refusal. */
async function work(disk: MemoryDisk): Promise<Outcome> {
  const opened = await openTestJournal(disk, { settings: SETTINGS });
  const { journal } = opened;
  const stream = journal.stream(session(1));
  let error: unknown;
  try {
    stream.begin(1, {});
    for (let i = 0; i < 60; i += 1) {
      speak(stream, 1, 320);
      if (i % 4 === 3) await journal.whenDurable();
      if (i % 20 === 19) stream.release('main', stream.durable('main') - 640);
    }
    await journal.whenDurable();
  } catch (caught) {
    error = caught;
  }
  return { opened, stream, error };
}

async function expectHeld(disk: MemoryDisk, samples: number): Promise<void> {
  const { journal, recovery } = await openTestJournal(disk, { settings: SETTINGS, seed: 900 });
  const stream = recovery.streams[0]?.stream ?? journal.stream(session(1));
  expect(recovery.damage).toEqual([]);
  expect(stream.end('main')).toBeGreaterThanOrEqual(samples);
  const from = stream.start('main');
  const length = stream.end('main') - from;
  expect(Buffer.from(await stream.read('main', from, from + length)).equals(pcm(1, from, length))).toBe(true);
  await journal.close();
}

/** The calls of a run without faults. */
async function callsOf(kind: DiskCall['kind']): Promise<number> {
  const disk = new MemoryDisk();
  const { opened } = await work(disk);
  await opened.journal.close();
  return disk.calls.filter((call) => call.kind === kind).length;
}

describe('a disk that fails', () => {
  it.each(['sync', 'syncFolder', 'create'] as const)('fails the journal for good at any %s', async (kind) => {
    const calls = await callsOf(kind);
    expect(calls).toBeGreaterThan(2);
    let failed = 0;
    for (let nth = 1; nth <= calls; nth += 1) {
      const disk = new MemoryDisk();
      let failedAt: DiskCall | undefined;
      disk.fault = (call) => {
        if (call.kind !== kind || call.ofKind !== nth) return undefined;
        failedAt = call;
        return { code: 'EIO' };
      };
      const outcome = await work(disk).catch((error: unknown) => ({ error }));
      if (!('stream' in outcome)) continue;
      const { opened, stream, error } = outcome;
      // Not reached before the end, or a removal that is tried again.
      if (error === undefined) {
        await opened.journal.close().catch(() => undefined);
        continue;
      }
      failed += 1;
      const acked = stream.durable('main');
      expect(opened.journal.state).toBe('failed');
      expect(opened.failures).toHaveLength(1);
      expect(() => {
        speak(stream, 1, 320);
      }).toThrow();
      await expect(opened.journal.whenDurable()).rejects.toThrow();
      await expect(opened.journal.close()).rejects.toThrow();
      const later = disk.calls.slice(failedAt?.number);
      expect(later.filter((call) => ['sync', 'write', 'create'].includes(call.kind))).toEqual([]);
      expect(stream.durable('main')).toBe(acked);
      await expectHeld(disk.snapshot(), acked);
    }
    expect(failed).toBeGreaterThan(0);
  });

  it('fails at any write that is refused, and never acknowledges what it did not write', async () => {
    const calls = await callsOf('write');
    for (let nth = 2; nth <= calls; nth += 1) {
      const disk = new MemoryDisk();
      disk.fault = ({ kind, ofKind }) => (kind === 'write' && ofKind === nth ? { code: 'EIO' } : undefined);
      const outcome = await work(disk).catch(() => undefined);
      if (outcome === undefined) continue;
      const { opened, stream } = outcome;
      const acked = stream.durable('main');
      await opened.journal.close().catch(() => undefined);
      await expectHeld(disk.snapshot(), acked);
    }
  });

  it('finishes every write that came out short', async () => {
    for (const short of [1, 51, 100]) {
      const disk = new MemoryDisk();
      disk.fault = ({ kind, ofKind }) => (kind === 'write' && ofKind % 2 === 1 ? { short } : undefined);
      const { opened, stream, error } = await work(disk);
      expect(error).toBeUndefined();
      expect(stream.durable('main')).toBe(19_200);
      await opened.journal.close();
      await expectHeld(disk.snapshot(), 19_200);
    }
  });
});

describe('a full disk', () => {
  it.each(['ENOSPC', 'EDQUOT'])(
    'stops acknowledging at any write (%s), and goes on when there is room',
    async (code) => {
      const calls = await callsOf('write');
      for (let nth = 1; nth <= calls; nth += 1) {
        const disk = new MemoryDisk();
        disk.fault = ({ kind, ofKind }) => {
          if (kind !== 'write') return undefined;
          if (ofKind === nth) return { short: 7 };
          return ofKind > nth && ofKind < nth + 4 ? { code } : undefined;
        };
        const { opened, stream, error } = await work(disk);
        expect(error).toBeUndefined();
        expect(stream.durable('main')).toBe(19_200);
        await opened.journal.close();
        await expectHeld(disk.snapshot(), 19_200);
      }
    },
  );

  it('keeps a few batches in memory and then refuses audio, and gives its reserve so that streams can end', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, {
      settings: { ...SETTINGS, reserveBytes: 3000, maxUnsyncedBytes: 5000 },
    });
    const states: string[] = [];
    journal.onState((state) => states.push(state));
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    await journal.whenDurable();
    let full = true;
    disk.fault = ({ kind }) => {
      const freed = !disk.files.has('reserve');
      return kind === 'write' && full && !freed ? { code: 'ENOSPC' } : undefined;
    };
    speak(stream, 1, 320);
    await journal.whenDurable();
    expect(states).toEqual(['full']);
    expect(disk.files.has('reserve')).toBe(false);
    disk.fault = ({ kind }) => (kind === 'write' && full ? { code: 'ENOSPC' } : undefined);
    const refused = () => {
      for (let i = 0; i < 100; i += 1) speak(stream, 1, 320);
    };
    expect(refused).toThrow(expect.objectContaining({ code: 'insufficient_storage' }));
    const room = journal.room();
    const { unsyncedBytes } = journal.figures();
    expect(unsyncedBytes).toBeLessThan(6000);
    expect(stream.durable('main')).toBe(320);
    full = false;
    await journal.whenDurable();
    await room;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(journal.state).toBe('ok');
    expect(disk.bytesOf('reserve')).toHaveLength(3000);
    expect(stream.durable('main')).toBe(stream.end('main'));
    await journal.close();
    await expectHeld(disk.snapshot(), stream.end('main'));
  });

  it('that the journal filled itself gets empty again when audio is released', async () => {
    const disk = new MemoryDisk();
    disk.capacity = 120_000;
    const { journal } = await openTestJournal(disk, {
      settings: { ...SETTINGS, reserveBytes: 24_000, maxUnsyncedBytes: 8000 },
    });
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    const fill = async () => {
      for (;;) {
        speak(stream, 1, 320);
        await journal.room();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    for (let round = 0; round < 5; round += 1) {
      await expect(fill()).rejects.toMatchObject({ code: 'insufficient_storage' });
      expect(journal.state).toBe('full');
      await journal.whenDurable();
      expect(stream.durable('main')).toBe(stream.end('main'));
      for (let to = stream.start('main'); to < stream.end('main'); to += 3200) {
        stream.release('main', to);
        await journal.whenDurable();
      }
      stream.release('main', stream.end('main'));
      await journal.whenDurable();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(journal.state).toBe('ok');
      expect(disk.bytesOf('reserve')).toHaveLength(24_000);
    }
    await journal.close();
    await expectHeld(disk.snapshot(), stream.end('main'));
  });

  it('says when little room is left, and when there is more again', async () => {
    const disk = new MemoryDisk();
    disk.capacity = 49_900;
    disk.set('stranger', new Uint8Array(40_000));
    const { journal } = await openTestJournal(disk, { settings: { ...SETTINGS, lowWaterBytes: 10_000 } });
    expect(journal.state).toBe('low');
    const states: string[] = [];
    journal.onState((state) => states.push(state));
    disk.capacity = 1e6;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(states).toEqual(['ok']);
    expect(journal.figures().freeBytes).toBeGreaterThan(900_000);
    await journal.close();
  });
});
