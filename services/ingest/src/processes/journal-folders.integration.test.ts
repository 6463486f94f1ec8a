import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readIngestConfig } from '../config.ts';
import { numbersLeftBehind, settingsOf } from './journal-folders.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('the journals of several processes', () => {
  it('lie in each other, the first one where a single process has it', () => {
    const config = readIngestConfig({ EARSHOT_JOURNAL_DIR: '/var/journal', EARSHOT_NODE_NAME: 'north' });
    const places = [1, 2, 12].map((number) => {
      const { EARSHOT_JOURNAL_DIR: path, EARSHOT_NODE_NAME: name } = settingsOf(config, number);
      return [path, name];
    });
    expect(places).toEqual([
      ['/var/journal', 'north'],
      ['/var/journal/2', 'north-2'],
      ['/var/journal/12', 'north-12'],
    ]);
  });

  it('leave names that nobody chose to the folders', () => {
    const config = readIngestConfig({ EARSHOT_JOURNAL_DIR: '/var/journal' });
    expect(settingsOf(config, 2).EARSHOT_NODE_NAME).toBeUndefined();
  });

  it('are left behind when there are fewer processes, whatever else lies there', async () => {
    for (const name of ['2', '3', '10', 'spool', '03', '0', '12345']) await mkdir(join(folder.path, name));
    await writeFile(join(folder.path, '7'), 'a file');
    expect(await numbersLeftBehind(folder.path, 1)).toEqual([2, 3, 10]);
    expect(await numbersLeftBehind(folder.path, 3)).toEqual([10]);
    expect(await numbersLeftBehind(join(folder.path, 'missing'), 1)).toEqual([]);
  });
});
