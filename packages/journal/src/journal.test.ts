import { describe, expect, it } from '@jest/globals';
import { MemoryDisk } from './testing/memory-disk.ts';
import { openTestJournal, pcm, session, speak } from './testing/test-journal.ts';

describe('a journal', () => {
  it('gives back what was appended, and the same after a restart', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk);
    const stream = journal.stream(session(1));
    stream.begin(3, { hello: 'there' });
    for (let i = 0; i < 20; i += 1) speak(stream, 7, 320);
    await journal.whenDurable();
    expect(stream.durable('main')).toBe(6400);
    expect(Buffer.from(await stream.read('main', 100, 6300)).equals(pcm(7, 100, 6200))).toBe(true);
    for (const left of [disk.snapshot(), await closed(journal, disk)]) {
      const { journal: next, recovery } = await openTestJournal(left, { seed: 50 });
      expect(recovery).toMatchObject({ damage: [], tornBytes: 0 });
      expect(recovery.streams).toHaveLength(1);
      const { stream: again, meta, damaged, endInDoubt } = recovery.streams[0]!;
      expect({ meta, damaged, endInDoubt, epoch: again.epoch }).toEqual({
        meta: { hello: 'there' },
        damaged: [],
        endInDoubt: false,
        epoch: 3,
      });
      expect(again.durable('main')).toBe(6400);
      expect(Buffer.from(await again.read('main', 0, 6400)).equals(pcm(7, 0, 6400))).toBe(true);
      await next.close();
    }
  });
});

async function closed(journal: { close(): Promise<void> }, disk: MemoryDisk): Promise<MemoryDisk> {
  await journal.close();
  return disk.snapshot();
}
