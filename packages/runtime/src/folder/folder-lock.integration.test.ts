import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FolderInUse, lockFolder } from './folder-lock.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const lockFile = () => join(folder.path, 'earshot.lock');

/** Runs a process that lives until it is told to go. */
function otherProcess() {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const end = () => {
    child.kill();
    return ended;
  };
  return { pid: child.pid!, end };
}

describe('lockFolder', () => {
  it('names this process while it is held and leaves nothing behind', async () => {
    const release = await lockFolder(folder.path);
    expect(Number((await readFile(lockFile(), 'utf8')).split(' ')[0])).toBe(process.pid);
    await release();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is refused while another process lives that holds it', async () => {
    const other = otherProcess();
    await writeFile(lockFile(), `${other.pid} \n`);
    await expect(lockFolder(folder.path)).rejects.toThrow(FolderInUse);
    await expect(lockFolder(folder.path)).rejects.toThrow(`Process ${other.pid}`);
    await other.end();
  });

  it('takes over from a process that is gone', async () => {
    const other = otherProcess();
    await other.end();
    await writeFile(lockFile(), `${other.pid} 1\n`);
    await (await lockFolder(folder.path))();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('does not take a new process with an old number for the holder', async () => {
    const other = otherProcess();
    await writeFile(lockFile(), `${other.pid} 1\n`);
    await (await lockFolder(folder.path))();
    await other.end();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('takes over an unreadable lock', async () => {
    await writeFile(lockFile(), 'nothing of sense');
    await (await lockFolder(folder.path))();
    expect(await readdir(folder.path)).toEqual([]);
  });
});
