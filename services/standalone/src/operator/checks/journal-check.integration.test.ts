import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkJournal } from './journal-check.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const check = (over: Partial<Parameters<typeof checkJournal>[0]> = {}) =>
  checkJournal({
    EARSHOT_JOURNAL_DIR: join(folder.path, 'data/journal'),
    EARSHOT_JOURNAL_DURABILITY: 'fsync',
    EARSHOT_JOURNAL_LOW_WATER_BYTES: 1024,
    ...over,
  });

describe('checkJournal', () => {
  it('tries the disk and leaves nothing behind', async () => {
    const findings = await check();
    expect(findings.map(({ subject }) => subject)).toEqual(Array.from({ length: 6 }, () => 'journal'));
    expect(findings.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/survives a power cut/),
      expect.stringMatching(/data\/journal is on \w+/),
      expect.stringMatching(/a sync of 4 KB takes [\d.]+ ms, at worst [\d.]+ ms/),
      expect.stringMatching(/reads the same/),
      expect.stringMatching(/folders synced/),
      expect.stringMatching(/\d+ MiB free/),
    ]);
    expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(await readdir(join(folder.path, 'data'))).toEqual(['journal']);
    expect(await readdir(join(folder.path, 'data/journal'))).toEqual([]);
  });

  it('fails in memory, which also syncs faster than a disk can', async () => {
    const memory = await mkdtemp('/dev/shm/earshot-doctor-');
    try {
      const [, mount, timing] = await check({ EARSHOT_JOURNAL_DIR: join(memory, 'journal') });
      expect(mount).toMatchObject({
        verdict: 'fail',
        sentence: expect.stringMatching(/is on tmpfs: memory/),
      });
      expect(timing).toMatchObject({ verdict: 'warn', sentence: expect.stringMatching(/too fast/) });
    } finally {
      await rm(memory, { recursive: true });
    }
  });

  it('says what a weaker setting gives up, and when there is no room', async () => {
    const findings = await check({
      EARSHOT_JOURNAL_DURABILITY: 'os',
      EARSHOT_JOURNAL_LOW_WATER_BYTES: Number.MAX_SAFE_INTEGER,
    });
    expect(findings[0]).toMatchObject({ verdict: 'warn' });
    expect(findings[5]).toMatchObject({ verdict: 'fail', sentence: expect.stringMatching(/make room$/) });
  });
});
