import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import { createScratchFolder, removeStaleScratch } from './scratch-folder.ts';

describe('scratch folders', () => {
  it('are private, and go with all that is in them', async () => {
    const parent = await temporaryFolder();
    const scratch = await createScratchFolder(parent.path);
    expect((await stat(scratch.path)).mode & 0o777).toBe(0o700);
    await writeFile(join(scratch.path, 'audio'), 'x');
    await scratch.remove();
    expect(await readdir(parent.path)).toEqual([]);
    await parent.remove();
  });

  it('that a killed process left are removed when they are old; nothing else is', async () => {
    const parent = await temporaryFolder();
    const old = await createScratchFolder(parent.path);
    const young = await createScratchFolder(parent.path);
    const foreign = join(parent.path, 'foreign');
    await writeFile(foreign, 'x');
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(old.path, yesterday, yesterday);
    await utimes(foreign, yesterday, yesterday);
    expect(await removeStaleScratch(parent.path)).toBe(1);
    expect((await readdir(parent.path)).map((name) => join(parent.path, name)).toSorted()).toEqual(
      [foreign, young.path].toSorted(),
    );
    expect(await removeStaleScratch(join(parent.path, 'nowhere'))).toBe(0);
    await parent.remove();
  });
});
