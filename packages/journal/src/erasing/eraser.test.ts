import { describe, expect, it } from '@jest/globals';
import { readHeader } from '../format/file-header.ts';
import { RECORD, RECORD_HEAD_BYTES } from '../format/record.ts';
import { scan } from '../recovery/scan.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, session, speak } from '../testing/test-journal.ts';

const SETTINGS = { fileBytes: 20_000 };

/** Two sessions over several files; the first is to be erased. */
async function two(disk: MemoryDisk) {
  const { journal } = await openTestJournal(disk, { settings: SETTINGS });
  const [doomed, other] = [journal.stream(session(1)), journal.stream(session(2))];
  doomed.begin(1, {});
  other.begin(1, {});
  for (let i = 0; i < 30; i += 1) {
    speak(doomed, 1, 320);
    speak(other, 2, 320);
    if (i % 3 === 0) await journal.whenDurable();
  }
  await journal.whenDurable();
  return { journal, doomed, other };
}

function holds(disk: MemoryDisk, seed: number): boolean {
  return disk.names().some((name) => {
    const bytes = disk.bytesOf(name);
    for (let frame = 0; frame < 30; frame += 1)
      if (bytes.includes(Buffer.from(pcm(seed, frame * 320, 320)))) return true;
    return false;
  });
}

async function expectOther(disk: MemoryDisk): Promise<number> {
  const { journal, recovery } = await openTestJournal(disk, { settings: SETTINGS, seed: 321 });
  expect(recovery.damage).toEqual([]);
  const other = recovery.streams.find(({ stream }) => stream.ref.sessionId === session(2).sessionId);
  expect(other?.damaged).toEqual([]);
  const read = await other?.stream.read('main', 0, 9600);
  expect(Buffer.from(read ?? []).equals(pcm(2, 0, 9600))).toBe(true);
  await journal.close();
  return recovery.streams.length;
}

describe('erasing a session', () => {
  it('overwrites all of its audio on disk and forgets it, and leaves the others alone', async () => {
    const disk = new MemoryDisk();
    const { journal, doomed, other } = await two(disk);
    expect(await doomed.erase()).toEqual({ bytes: 30 * 640 });
    expect(holds(disk, 1)).toBe(false);
    expect(holds(disk, 2)).toBe(true);
    expect(doomed.ranges()).toEqual([]);
    expect(() => {
      speak(doomed, 1, 320);
    }).toThrow();
    expect(other.end('main')).toBe(9600);
    expect(await expectOther(disk.snapshot())).toBe(1);
    await journal.close();
    expect(await expectOther(disk.snapshot())).toBe(1);
  });

  it('also finds what was released or closed before, as long as its files are there', async () => {
    const disk = new MemoryDisk();
    const { journal, doomed } = await two(disk);
    doomed.release('main', 9600);
    doomed.close();
    await journal.whenDurable();
    const { bytes } = await journal.stream(session(1)).erase();
    expect(bytes).toBe(30 * 640);
    expect(holds(disk, 1)).toBe(false);
    await journal.close();
  });

  it('ends nothing for others whose audio was acknowledged with the same sync', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { settings: { commitMs: 1000 } });
    const [doomed, other] = [journal.stream(session(1)), journal.stream(session(2))];
    doomed.begin(1, {});
    other.begin(1, {});
    for (let i = 0; i < 30; i += 1) {
      speak(doomed, 1, 320);
      speak(other, 2, 320);
    }
    await doomed.erase();
    const name = disk.names()[0] ?? '';
    const bytes = disk.bytesOf(name);
    await journal.close();
    const header = readHeader(bytes);
    if (header === undefined || 'version' in header) throw new Error('No header.');
    const erased = scan(bytes, header).records.findLast(({ type }) => type === RECORD.erase);
    const left = new MemoryDisk();
    left.set(name, bytes.subarray(0, (erased?.at ?? 0) + RECORD_HEAD_BYTES));
    expect(await expectOther(left)).toBe(1);
  });

  it('is finished by the next start, wherever it was interrupted', async () => {
    const whole = new MemoryDisk();
    const first = await two(whole);
    const before = whole.calls.length;
    await first.doomed.erase();
    const { length } = whole.calls;
    await first.journal.close();
    for (let at = before + 1; at <= length; at += 1) {
      const disk = new MemoryDisk();
      let left: MemoryDisk | undefined;
      disk.fault = ({ number }) => {
        if (number === at) left = disk.snapshot();
        return undefined;
      };
      const { journal, doomed } = await two(disk);
      await doomed.erase();
      await journal.close();
      if (left === undefined) continue;
      const streams = await expectOther(left);
      // Without a durable erase record the session is there as it was.
      expect(streams === 2 ? holds(left, 1) : !holds(left, 1)).toBe(true);
      expect(await expectOther(left)).toBe(streams);
    }
  });
});
