import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSettingFile } from './setting-file.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe('the file of a setting', () => {
  it('is read', async () => {
    const path = join(folder.path, 'list.json');
    await writeFile(path, '[]');
    expect(await readSettingFile('EARSHOT_LIST', path)).toBe('[]');
  });

  it.each(['[{"apiKey":"planted-key"}]', '/planted/file.json', 'planted'.repeat(1000), 'planted\0'])(
    'is asked for by the name of the setting, and its value is told to nobody: %#',
    async (value) => {
      const failure: unknown = await readSettingFile('EARSHOT_LIST', value).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringMatching(/^EARSHOT_LIST has to be the path of a JSON file, .* \([A-Z_]+\)\.$/),
      });
      expect(inspect(failure)).not.toContain('planted');
    },
  );
});
