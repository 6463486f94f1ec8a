import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { mutantArgs } from './mutant.ts';

async function withProgram<T>(use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-mutant-'));
  try {
    await writeFile(join(folder, 'part.mjs'), 'export const answer = () => 41 + 1;');
    const file = join(folder, 'program.mjs');
    await writeFile(file, "import { answer } from './part.mjs'; console.log(answer());");
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const run = async (file: string, find: string): Promise<string> => {
  const args = mutantArgs({ file: 'part.mjs', find, replace: '- 1' });
  const { stdout } = await promisify(execFile)(process.execPath, [...args, file]);
  return stdout.trim();
};

describe('a mutant', () => {
  it('changes what a program does', async () => {
    expect(await withProgram((file) => run(file, '+ 1'))).toBe('40');
  });

  it('does not let the program start when it does not fit any more', async () => {
    await expect(withProgram((file) => run(file, '+ 7'))).rejects.toThrow('the mutant does not fit');
  });
});
