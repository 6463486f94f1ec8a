import { describe, expect, it } from '@jest/globals';
import { readHeader } from '../format/file-header.ts';
import { RECORD, RECORD_HEAD_BYTES } from '../format/record.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, session, speak } from '../testing/test-journal.ts';
import { scan } from './scan.ts';

const FRAME = 160;

/** A file whose last frame lacks its last bytes: it was never acknowledged. */
async function withTornEnd(): Promise<{ disk: MemoryDisk; name: string }> {
  const disk = new MemoryDisk();
  const { journal } = await openTestJournal(disk);
  const stream = journal.stream(session(1));
  stream.begin(1, { number: 1 });
  speak(stream, 1, FRAME);
  await journal.whenDurable();
  speak(stream, 1, FRAME);
  await journal.whenDurable();
  const left = disk.snapshot();
  await journal.close();
  const name = left.names()[0] ?? '';
  const bytes = left.bytesOf(name);
  const header = readHeader(bytes);
  if (header === undefined || 'version' in header) throw new Error('No header.');
  const last = scan(bytes, header).records.findLast(({ type }) => type === RECORD.audio);
  if (last === undefined) throw new Error('No audio.');
  left.set(name, bytes.subarray(0, last.at + RECORD_HEAD_BYTES + last.length - 40));
  return { disk: left, name };
}

describe('a torn end that a recovery has cut off', () => {
  it('does not come back when that recovery was killed before its sync, and the power goes after the next', async () => {
    const { disk, name } = await withTornEnd();
    disk.fault = (call) => (call.kind === 'sync' && call.name === name ? { code: 'EIO' } : undefined);
    await expect(openTestJournal(disk, { seed: 2 })).rejects.toThrow('EIO');
    const killed = disk.snapshot();
    const { journal, recovery } = await openTestJournal(killed, { seed: 3 });
    const stream = recovery.streams[0]?.stream;
    if (stream === undefined) throw new Error('The session is lost.');
    expect(stream.end('main')).toBe(FRAME);
    stream.begin(2, { number: 1 });
    speak(stream, 1, FRAME / 2);
    await journal.whenDurable();
    // The killed recovery's own file goes, and with it what it said about the length of the first.
    while (killed.names().length > 2) await new Promise((resolve) => setTimeout(resolve, 1));
    const cut = killed.afterPowerCut(() => 0.9);
    await journal.close();
    const again = await openTestJournal(cut, { seed: 4 });
    expect(again.recovery.streams[0]?.stream.end('main')).toBe(FRAME * 1.5);
    expect(again.recovery.streams[0]?.damaged).toEqual([]);
    await again.journal.close();
  });
});
