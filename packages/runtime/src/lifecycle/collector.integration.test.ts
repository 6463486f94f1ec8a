import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

describe('the collector', () => {
  it('is tuned by a flag that this runtime knows: an unknown one would be ignored', async () => {
    const source = await readFile(new URL('collector.ts', import.meta.url), 'utf8');
    const flags = [...source.matchAll(/`(--[a-z-]+)=/g)].map((match) => match[1]);
    expect(flags).toHaveLength(1);
    const { stdout } = await promisify(execFile)(process.execPath, ['--v8-options']);
    for (const flag of flags) expect(stdout).toContain(`${flag} `);
  });
});
