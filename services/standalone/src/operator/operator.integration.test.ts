import { join } from 'node:path';
import { startRedis, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readStandaloneConfig } from '../config.ts';
import { doctor } from './doctor.ts';
import { keys } from './keys.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const config = (env: Record<string, string> = {}) =>
  readStandaloneConfig({ EARSHOT_JOURNAL_DIR: join(folder.path, 'journal'), ...env }, folder.path);

async function runKeys(...args: string[]) {
  const printed: string[] = [];
  const complained: string[] = [];
  const output = {
    print: (line: string) => void printed.push(line),
    complain: (line: string) => void complained.push(line),
  };
  return { code: await keys(config(), args, output), printed, complained };
}

async function runDoctor(env: Record<string, string> = {}) {
  const lines: string[] = [];
  const code = await doctor(config(env), (line) => void lines.push(line));
  return { code, lines, of: (subject: string) => lines.filter((line) => line.split(/ +/)[1] === subject) };
}

describe('keys', () => {
  it('creates a key, prints it alone on the output, lists it without it, and revokes it', async () => {
    const created = await runKeys('create', '--name', 'ward 3', '--tenant', 'clinic', '--test');
    expect(created.printed).toHaveLength(1);
    const [key = ''] = created.printed;
    expect(key).toMatch(/^sk_test_/);
    const { printed } = await runKeys('list');
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/clinic {2}test .* in force {2}ward 3$/);
    expect(printed[0]).not.toContain(key);
    const keyId = printed[0]!.split(' ')[0]!;
    expect((await runKeys('revoke', keyId)).code).toBe(0);
    expect((await runKeys('list')).printed[0]).toContain('revoked');
  });

  it('fails with a sentence for a key that does not exist', async () => {
    expect(await runKeys('revoke', 'key_x')).toMatchObject({
      code: 1,
      complained: ['There is no key key_x.'],
    });
  });

  it.each([[[]], [['lend']], [['revoke']]])('shows its usage for %p', async (args) => {
    const { code, complained } = await runKeys(...args);
    expect(code).toBe(1);
    expect(complained[0]).toMatch(/^Usage: earshot keys create/);
  });
});

describe('doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const { code, lines } = await runDoctor();
    expect(lines.filter((line) => line.startsWith('fail'))).toEqual([]);
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual([
      'redis',
      'storage',
      'disk',
      'journal',
      'journal',
      'journal',
      'journal',
      'journal',
      'journal',
      'ffmpeg',
      'engine',
      'engine',
    ]);
  });

  it('says how to mend a Redis that is not there', async () => {
    const { code, of } = await runDoctor({ REDIS_URL: 'redis://:secret@127.0.0.1:1' });
    expect(code).toBe(1);
    expect(of('redis')[0]).toBe(
      'fail  redis    127.0.0.1:1 does not answer; start it, or correct REDIS_URL and its password',
    );
  });

  it('finds a Redis that loses jobs', async () => {
    const redis = await startRedis({ appendonly: false, maxmemory: '8mb', maxmemoryPolicy: 'allkeys-lru' });
    const { code, of } = await runDoctor({ REDIS_URL: redis.url });
    await redis.stop();
    expect(code).toBe(1);
    expect(of('redis').map((line) => line.split(' ')[0])).toEqual(['fail', 'warn']);
    expect(of('redis')[0]).toContain('set it to noeviction');
  });

  it('finds an object store that is not there', async () => {
    const { code, of } = await runDoctor({
      EARSHOT_OBJECT_STORE: 's3://audio?endpoint=http://127.0.0.1:1&region=us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'y',
    });
    expect(code).toBe(1);
    expect(of('storage')[0]).toMatch(/^fail {2}storage/);
  });

  it('finds an engine without its model', async () => {
    const { code, of } = await runDoctor({ EARSHOT_ENGINE_PRO: 'sherpa:/no/model' });
    expect(code).toBe(1);
    expect(of('engine')[0]).toMatch(/^fail {2}engine/);
  });
});
