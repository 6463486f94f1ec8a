import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePcm16le, encodePcm16le, encodeWav, parseWavHeader } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { computedAudio, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rig, startRig } from '../rig/earshot.ts';

/** The built command, as a user runs it. */
const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/earshot.mjs', import.meta.url));
const RATE = LIMITS.callSampleRate;
const speech = computedAudio(7, 0, RATE);

let rig: Rig;
let spoken: string;

beforeAll(async () => {
  rig = await startRig({ calls: true });
  spoken = join(rig.folder.path, 'spoken.wav');
  await writeFile(spoken, encodeWav(speech, RATE));
}, 60_000);

afterAll(() => rig.stop());

interface Run {
  readonly child: ChildProcess;
  readonly text: { out: string; err: string };
  readonly bytes: Buffer[];
  readonly ended: Promise<number | null>;
}

/** Starts `earshot call …` in the rig's folder. */
function start(...args: string[]): Run {
  const env = {
    PATH: process.env['PATH'],
    EARSHOT_URL: rig.origin,
    EARSHOT_CALLS_URL: rig.callsOrigin,
    EARSHOT_API_KEY: rig.key,
  };
  const child = spawn(process.execPath, [COMMAND, 'call', ...args], { env, cwd: rig.folder.path });
  const text = { out: '', err: '' };
  const bytes: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => {
    bytes.push(data);
    text.out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    text.err += data.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, text, bytes, ended };
}

/** Runs a command to its end; fails with what it said unless that is well. */
async function earshot(...args: string[]): Promise<{ out: string; err: string }> {
  const { text, ended } = start(...args);
  expect([await ended, text.err]).toEqual([0, text.err]);
  return text;
}

async function place(to: string): Promise<string> {
  const { out, err } = await earshot('place', to, '--wait');
  expect([out, err]).toEqual([expect.stringMatching(/^call_[0-9a-z]{26}\n$/), 'active\n']);
  return out.trim();
}

async function samplesOf(path: string): Promise<Int16Array> {
  const wav = await readFile(path);
  expect(parseWavHeader(wav)).toMatchObject({ format: 'pcm16', sampleRate: RATE, channels: 1 });
  return decodePcm16le(new Uint8Array(wav.subarray(44)));
}
const has = (sound: Int16Array | Buffer, part: Int16Array): boolean =>
  Buffer.from(sound instanceof Int16Array ? encodePcm16le(sound) : sound).includes(
    Buffer.from(encodePcm16le(part)),
  );

/**
 * How many tenths of a second of a sound came through to the sample. A program that the machine holds up for longer than
 * is buffered leaves silence between two of them.
 */
function tenthsOf(sound: Int16Array, part: Int16Array): number {
  const tenth = RATE / 10;
  const tenths = Array.from({ length: part.length / tenth }, (_, index) => index * tenth);
  return tenths.filter((from) => has(sound, part.subarray(from, from + tenth))).length;
}

describe('earshot call', () => {
  it('talks into a call and listens to it at once, and fetches the recording of what was said', async () => {
    expect((await earshot('lines')).out).toMatch(/^lin_first {2}loopback /);
    const id = await place('+15550100');
    const listening = start('listen', id, '--out', 'heard.wav');
    await until(async () => (await readFile(join(rig.folder.path, 'heard.wav')).catch(() => [])).length > 44);
    const began = performance.now();
    expect((await earshot('talk', id, spoken)).err).toBe('1.00 s were heard\n');
    expect(performance.now() - began).toBeGreaterThan(1000);
    await until(async () => (await readFile(join(rig.folder.path, 'heard.wav'))).length > 44 + RATE * 3);
    expect((await earshot('end', id)).out).toBe(`${id} is ended: hangup\n`);
    expect(await listening.ended).toBe(0);
    expect(listening.text.err).toMatch(/^\d+\.\d\d s in heard\.wav\n$/);
    const heard = await samplesOf(join(rig.folder.path, 'heard.wav'));
    expect(tenthsOf(heard, speech)).toBeGreaterThanOrEqual(5);

    await earshot('record', id, '--kind', 'outbound', '--out', 'said.wav');
    expect(tenthsOf(await samplesOf(join(rig.folder.path, 'said.wav')), speech)).toBeGreaterThanOrEqual(8);
    const kinds = (await earshot('recordings', id)).out.trim().split('\n');
    expect(kinds.map((line) => line.split(/ +/)[1]).toSorted()).toEqual(['inbound', 'mixed', 'outbound']);
    expect((await earshot('list', '--limit', '1')).out).toMatch(
      new RegExp(`^${id} {2}ended: hangup .* {2}\\+15550100\n$`),
    );
    const talking = start('talk', id, spoken);
    expect([await talking.ended, talking.text.err]).toEqual([1, 'earshot: The call is over: hangup.\n']);
  }, 120_000);

  it('plays a file, then the asset that it became, and mutes', async () => {
    const id = await place('loop:silent');
    expect((await earshot('mute', id)).out).toBe(`${id} is active, muted\n`);
    expect((await earshot('mute', id, '--off')).out).toBe(`${id} is active\n`);
    const [assetId = ''] = (await earshot('play', id, spoken)).out.split(' ');
    expect(assetId).toMatch(/^ast_/);
    expect((await earshot('play', id, assetId)).out).toContain(assetId);
    expect((await earshot('assets')).out).toBe(`${assetId}  1.0 s  32044 bytes  spoken.wav\n`);
    const events = await earshot('events', '--after', '0-0', '--count', '4');
    expect(events.out).toContain('call.initiated');
    const plays = start('events', '--after', '0-0');
    await until(() => plays.text.out.split('call.play.ended').length === 3);
    plays.child.kill('SIGINT');
    expect(await plays.ended).toBe(0);
    await earshot('end', id);
    await earshot('assets', '--delete', assetId);
    expect((await earshot('assets')).out).toBe('');
    expect(JSON.parse((await earshot('get', id)).out)).toMatchObject({ callId: id, endReason: 'hangup' });
  }, 120_000);

  it('listens for so many seconds, by the raw, until interrupted, and until its reader has had enough', async () => {
    const id = await place('loop:tone?hz=440');
    const raw = start('listen', id, '--raw', '--seconds', '0.5');
    expect(await raw.ended).toBe(0);
    expect(Buffer.concat(raw.bytes).length).toBe(RATE);
    expect(raw.text.err).toBe('0.50 s\n');
    const file = start('listen', id);
    await until(
      async () => (await readFile(join(rig.folder.path, `${id}.wav`)).catch(() => [])).length > 9000,
    );
    file.child.kill('SIGINT');
    expect(await file.ended).toBe(0);
    expect((await samplesOf(join(rig.folder.path, `${id}.wav`))).length).toBeGreaterThan(4000);
    const head = start('listen', id, '--raw');
    await until(() => head.bytes.length > 2);
    head.child.stdout?.destroy();
    expect(await head.ended).toBe(0);
    await earshot('end', id);
  }, 120_000);

  it('prints what both sides said', async () => {
    const id = await place('loop:speak?file=consultation&hangup=6s');
    const { out, err } = await earshot('transcript', id);
    expect(err).toMatch(/^session ses_\w+ is (completed|partial)\n$/);
    expect(out.trim().length).toBeGreaterThan(20);
    await earshot('record', id, '--out', 'mixed.wav');
    expect((await samplesOf(join(rig.folder.path, 'mixed.wav'))).length).toBeGreaterThan(5 * RATE);
  }, 180_000);

  it('says in one sentence what is wrong', async () => {
    const said = async (...args: string[]) => {
      const { text, ended } = start(...args);
      return [await ended, text.err];
    };
    expect(await said('get', 'call_none')).toEqual([1, expect.stringMatching(/^earshot: .+\n$/)]);
    expect(await said('lines', '--url', 'http://127.0.0.1:1')).toEqual([
      1,
      expect.stringContaining('reached'),
    ]);
    expect(await said('play', 'call_none', 'no-file.wav')).toEqual([
      1,
      'earshot: no-file.wav is neither an asset nor a file that can be read.\n',
    ]);
  }, 60_000);
});
