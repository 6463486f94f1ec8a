import { describe, expect, it } from '@jest/globals';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, session, speak } from '../testing/test-journal.ts';

const PAGE_BYTES = 4096;
const FRAME = 160;

/** Two files; the first page of records, which alone says whose audio the first file holds, is gone. */
async function withoutFirstPage(): Promise<{ disk: MemoryDisk; end: number }> {
  const disk = new MemoryDisk();
  const { journal } = await openTestJournal(disk, { settings: { fileBytes: 24_000 } });
  const stream = journal.stream(session(1));
  stream.begin(1, { number: 1 });
  for (let frame = 0; disk.names().filter((name) => name.endsWith('.journal')).length < 2; frame += 1) {
    speak(stream, 1, FRAME);
    await journal.whenDurable();
    if (frame > 1000) throw new Error('The journal begins no second file.');
  }
  stream.begin(2, { number: 1 });
  speak(stream, 1, FRAME);
  await journal.whenDurable();
  const left = disk.snapshot();
  await journal.close();
  const first = left.names().filter((name) => name.endsWith('.journal'))[0] ?? '';
  left.set(first, left.bytesOf(first).fill(0, 2 * PAGE_BYTES, 3 * PAGE_BYTES));
  return { disk: left, end: stream.end('main') };
}

describe('audio whose stream is explained only in a later file', () => {
  it('is kept when a newer epoch had begun by then', async () => {
    const { disk, end } = await withoutFirstPage();
    const { journal, recovery } = await openTestJournal(disk, { seed: 500 });
    const [found] = recovery.streams;
    const damaged = found?.damaged.reduce((sum, { from, to }) => sum + to - from, 0) ?? end;
    expect(found?.stream.epoch).toBe(2);
    expect(found?.stream.end('main')).toBe(end);
    expect(damaged).toBeGreaterThan(0);
    expect(damaged).toBeLessThan(PAGE_BYTES / 2);
    const from = found?.damaged.at(-1)?.to ?? 0;
    const audio = await found?.stream.read('main', from, end);
    expect(Buffer.from(audio ?? []).equals(Buffer.from(pcm(1, from, end - from)))).toBe(true);
    await journal.close();
  });
});
