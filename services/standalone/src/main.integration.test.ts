import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWav } from '@earshot/audio';
import { freePort, type TemporaryFolder, temporaryFolder, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSample } from './demo/sample.ts';

// The built programs, as people run them; `npm test` builds before it tests.
const ROOT = join(import.meta.dirname, '../../..');
const SERVER = join(ROOT, 'services/standalone/dist/main.js');
const COMMAND = join(ROOT, 'packages/cli/bin/earshot.mjs');
const KEY = 'sk_test_key_of_this_suite';
const SLOW_MS = 240_000;

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out(): string;
  err(): string;
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Run {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString('utf8');
  });
  child.stderr.on('data', (text: Buffer) => {
    err += text.toString('utf8');
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, out: () => out, err: () => err };
}

describe('the server in one process', () => {
  let folder: TemporaryFolder;
  let env: Record<string, string>;
  let server: Run;
  let speech: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    env = {
      EARSHOT_DATA_DIR: join(folder.path, 'data'),
      EARSHOT_PORT: String(await freePort()),
      EARSHOT_CALLS_PORT: '0',
      EARSHOT_BOOTSTRAP_KEY: KEY,
    };
    const { samples, sampleRate } = await readSample(join(ROOT, 'test/fixtures/speech'), 'consultation');
    speech = join(folder.path, 'first-sentences.wav');
    await writeFile(speech, encodeWav(samples.subarray(0, 7 * sampleRate), sampleRate));
    server = run(SERVER, [], env);
    const up = () => server.out().includes('Stop with Ctrl-C.') || server.child.exitCode !== null;
    await until(up, { timeoutMs: SLOW_MS, what: 'the demo' });
  }, SLOW_MS);

  afterAll(async () => {
    server.child.kill('SIGKILL');
    await server.ended;
    await folder.remove();
  });

  const earshot = async (...args: string[]) => {
    const command = run(COMMAND, args, env);
    return { code: await command.ended, out: command.out(), err: command.err() };
  };

  it('shows real speech becoming text, with its word error rate, and stays up', () => {
    const out = server.out();
    expect(out).toMatch(/segment 0 {4}0\.0 to .* s {2}cut at a pause, \d+ % speech/);
    expect(out).toMatch(/end of the stream/);
    expect(out).toMatch(/pain in her\s.*left shoulder/s);
    expect(Number(/word error rate ([\d.]+) %/.exec(out)?.[1])).toBeLessThan(15);
    expect(out).toMatch(/Status completed/);
    expect(server.child.exitCode).toBeNull();
  });

  it('names the key that the operator chose by its id and never prints it', () => {
    expect(server.out()).toMatch(/API key id key_[0-9a-z]{26}\n/);
    expect(server.out() + server.err()).not.toContain(KEY);
  });

  it(
    'gives the command line the same transcript for a stream, for uploads and for a file',
    async () => {
      const ways = [['--stream', '--speed', 'max'], ['--chunked'], []];
      const runs = await Promise.all(ways.map((way) => earshot('transcribe', ...way, speech)));
      expect(runs.map(({ code, err }) => [code, err.split(' is ')[1]])).toEqual([
        [0, 'completed\n'],
        [0, 'completed\n'],
        [0, 'completed\n'],
      ]);
      const [first] = runs;
      expect(first?.out).toMatch(/the patient is a teacher/);
      expect(new Set(runs.map(({ out }) => out)).size).toBe(1);
    },
    SLOW_MS,
  );

  it('lists, shows and erases sessions from the command line', async () => {
    const { out } = await earshot('sessions', 'list', '--limit', '1');
    const id = out.split(' ')[0]!;
    expect((await earshot('sessions', 'get', id, '--format', 'vtt')).out).toMatch(/^WEBVTT/);
    expect(JSON.parse((await earshot('sessions', 'get', id)).out).session_id).toBe(id);
    expect(await earshot('sessions', 'delete', id)).toMatchObject({ code: 0, out: `${id} is erased\n` });
    expect(await earshot('sessions', 'get', id)).toMatchObject({
      code: 1,
      err: 'earshot: No such session.\n',
    });
  });

  it('says in one sentence that a file is missing, before it makes a session', async () => {
    const { code, err } = await earshot('transcribe', join(folder.path, 'nothing.wav'));
    expect(code).toBe(1);
    expect(err).toBe(`earshot: ${join(folder.path, 'nothing.wav')} cannot be read.\n`);
  });

  it('tells a second server on its port, and one on its folder, what is wrong', async () => {
    const other = { ...env, EARSHOT_DATA_DIR: join(folder.path, 'other') };
    const samePort = run(SERVER, ['--no-demo'], other);
    expect(await samePort.ended).toBe(1);
    expect(samePort.err()).toContain(`Port ${env['EARSHOT_PORT']} is already in use`);
    const sameFolder = run(SERVER, ['--no-demo'], { ...env, EARSHOT_PORT: String(await freePort()) });
    expect(await sameFolder.ended).toBe(1);
    expect(sameFolder.err()).toContain(`Process ${server.child.pid} already runs earshot`);
  });

  it('lets the doctor see the Redis that it runs', async () => {
    const { code, out } = await earshot('doctor');
    expect(out).toMatch(/^ok {4}redis {4}127\.0\.0\.1:\d+ answers and keeps its jobs$/m);
    expect(code).toBe(0);
  });

  it('ends with 0 at Ctrl-C, leaving no lock and no Redis', async () => {
    const urlFile = join(env['EARSHOT_DATA_DIR']!, 'redis/url');
    expect(await readFile(urlFile, 'utf8')).toMatch(/^redis:/);
    server.child.kill('SIGINT');
    expect(await server.ended).toBe(0);
    await expect(readFile(urlFile)).rejects.toThrow();
    await expect(readFile(join(env['EARSHOT_DATA_DIR']!, 'earshot.lock'))).rejects.toThrow();
  });
});
