import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  computedAudio,
  findAudioDifference,
  type TemporaryFolder,
  temporaryFolder,
} from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JournalDisk } from '../disk.ts';
import { openTestJournal, RATE, session } from '../testing/test-journal.ts';
import { createNodeDisk, systemJournalTime } from './node-disk.ts';

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder.remove();
});

const bytesOf = (samples: Int16Array) =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
const samplesOf = (bytes: Uint8Array) => new Int16Array(Uint8Array.from(bytes).buffer);

/** A disk from which the process may be taken away, as by a kill: nothing is removed behind it. */
function killable(disk: JournalDisk): { readonly disk: JournalDisk; readonly kill: () => Promise<void> } {
  const running = new Set<Promise<void>>();
  let killed = false;
  const remove = async (name: string) => {
    if (killed) throw new Error('the process is gone');
    const removal = disk.remove(name);
    running.add(removal);
    await removal.finally(() => running.delete(removal));
  };
  const kill = async () => {
    killed = true;
    await Promise.allSettled(running);
  };
  return { disk: { ...disk, remove }, kill };
}

describe('a folder of the local file system', () => {
  it('is made with all folders above it, and does what a journal needs', async () => {
    const path = join(folder.path, 'a', 'b', 'c');
    const disk = await createNodeDisk(path);
    expect(await disk.list()).toEqual([]);
    const file = await disk.create('x');
    await expect(disk.create('x')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await file.write(Buffer.from('hello'), 3)).toBe(5);
    await file.sync();
    const into = Buffer.alloc(10);
    expect(await file.read(into, 0)).toBe(8);
    expect(into.toString('latin1')).toBe('\0\0\0hello\0\0');
    expect(await file.read(into, 8)).toBe(0);
    await file.truncate(4);
    await file.close();
    await disk.syncFolder();
    expect(await disk.list()).toEqual([{ name: 'x', bytes: 4 }]);
    expect(await disk.freeBytes()).toBeGreaterThan(0);
    await disk.remove('x');
    await expect(disk.remove('x')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(disk.open('x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(path)).toEqual([]);
  });

  it('keeps the audio of many streams over restarts, with and without a close', async () => {
    const path = join(folder.path, 'restarts');
    const settings = { fileBytes: 200_000, reserveBytes: 100_000 };
    const abandoned = [];
    for (let life = 0; life < 4; life += 1) {
      const { disk, kill } = killable(await createNodeDisk(path));
      const { journal, recovery } = await openTestJournal(disk, {
        settings,
        time: systemJournalTime,
        seed: life * 1000,
      });
      expect(recovery.damage).toEqual([]);
      expect(recovery.streams).toHaveLength(life === 0 ? 0 : 10);
      for (let number = 0; number < 10; number += 1) {
        const stream = journal.stream(session(number));
        expect(stream.durable('main')).toBe(life * 6400);
        stream.begin(life + 1, {});
        for (let i = 0; i < 20; i += 1) {
          const from = stream.end('main');
          const range = { epoch: life + 1, track: 'main', sampleRate: RATE, from } as const;
          stream.append(range, bytesOf(computedAudio(number, from, 320)));
        }
      }
      await journal.whenDurable();
      for (let number = 0; number < 10; number += 1) {
        const stream = journal.stream(session(number));
        const from = stream.start('main');
        const samples = stream.end('main') - from;
        const recorded = samplesOf(await stream.read('main', from, from + samples));
        expect(findAudioDifference(recorded, { seed: number, fromSample: from, samples })).toBeNull();
        stream.release('main', stream.durable('main') - 1000);
      }
      await journal.whenDurable();
      if (life % 2 === 0) await journal.close();
      else {
        await kill();
        abandoned.push(journal);
      }
    }
    expect((await readdir(path)).filter((name) => name.endsWith('.journal')).length).toBeLessThan(8);
    for (const journal of abandoned) await journal.close();
  });

  it('cuts a torn tail off a real file', async () => {
    const path = join(folder.path, 'torn');
    const { journal } = await openTestJournal(await createNodeDisk(path), { time: systemJournalTime });
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    stream.append({ epoch: 1, track: 'main', sampleRate: RATE, from: 0 }, bytesOf(computedAudio(1, 0, 320)));
    await journal.whenDurable();
    stream.append(
      { epoch: 1, track: 'main', sampleRate: RATE, from: 320 },
      bytesOf(computedAudio(1, 320, 320)),
    );
    await journal.close();
    const [name = ''] = await readdir(path);
    const whole = await readFile(join(path, name));
    const second = whole.indexOf(bytesOf(computedAudio(1, 320, 320)));
    await truncate(join(path, name), second + 100);
    await writeFile(join(path, 'stranger.txt'), 'left alone');
    const { journal: next, recovery } = await openTestJournal(await createNodeDisk(path), {
      time: systemJournalTime,
      seed: 50,
    });
    expect(recovery.damage).toEqual([]);
    expect(recovery.tornBytes).toBe(152);
    expect(recovery.streams[0]?.stream.end('main')).toBe(320);
    await next.close();
    expect(await readdir(path)).toContain('stranger.txt');
  });
});
