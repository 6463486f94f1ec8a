import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { computedAudio, freePort, until } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bytesOf, createSession, endSession, streamMessages } from '../rig/calls.ts';
import { callsTo, type Rig, startRig } from '../rig/earshot.ts';

const ingestMain = fileURLToPath(new URL('../../services/ingest/dist/main.js', import.meta.url));
const MINUTES = 120;
const MINUTE_BYTES = 60 * 16_000 * 2;
const MESSAGE_BYTES = 32_000;
/** What the process may hold at most, whatever the length of the stream. */
const MAX_RESIDENT_KB = 320_000;

let rig: Rig;
let node: ChildProcess;
let remote: Rig;
const block = bytesOf(computedAudio(7, 0, MINUTE_BYTES / 2));

beforeAll(async () => {
  rig = await startRig({ worker: false, engine: createScriptedEngine({ script: () => 'unused' }) });
  const port = await freePort();
  const journal = `${rig.folder.path}/journal-of-the-process`;
  const env = { ...process.env, ...rig.env, EARSHOT_PORT: String(port), EARSHOT_JOURNAL_DIR: journal };
  node = spawn(process.execPath, [ingestMain], { env, stdio: 'ignore' });
  const origin = `http://127.0.0.1:${port}`;
  await until(
    () =>
      fetch(`${origin}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    { timeoutMs: 30_000 },
  );
  remote = {
    ...rig,
    origin,
    call: callsTo(origin, rig.key),
  };
}, 60_000);
afterAll(async () => {
  node.kill('SIGKILL');
  await rig.stop();
});

/** Minute `number` of the stream: the same hashed block, with the number in its first samples. */
function minute(number: number): Uint8Array {
  const bytes = block.slice();
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

function* twoHours(): Generator<Uint8Array> {
  for (let number = 0; number < MINUTES; number++) {
    const bytes = minute(number);
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) yield bytes.subarray(at, at + MESSAGE_BYTES);
  }
}

describe('a two-hour stream, sent as fast as the socket takes it', () => {
  it('is stored exactly as sent, in constant memory', async () => {
    const session = await createSession(remote, { upload_type: 'stream' });
    expect(await streamMessages(session.upload_url, twoHours())).toBe(1000);
    const began = performance.now();
    const { audio_files: files } = await endSession(remote, session.session_id);
    const endSeconds = (performance.now() - began) / 1000;
    const status = readFileSync(`/proc/${node.pid ?? 0}/status`, 'utf8');
    const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
    process.stdout.write(
      `two hours: ${files.length} segments, ingest peak ${Math.round(peakKb / 1024)} MB, End took ${endSeconds.toFixed(2)} s\n`,
    );
    expect(peakKb).toBeLessThan(MAX_RESIDENT_KB);
    expect(files.length).toBeGreaterThan((MINUTES * 60) / 25 - 1);
    for (const number of [0, 1, 59, 60, 118, 119]) {
      const start = 44 + number * MINUTE_BYTES;
      const range = `bytes=${start}-${start + MINUTE_BYTES - 1}`;
      const answer = await remote.call(`/sessions/${session.session_id}/audio`, { headers: { range } });
      expect(answer.status).toBe(206);
      expect(Buffer.compare(new Uint8Array(await answer.arrayBuffer()), minute(number))).toBe(0);
    }
    const whole = await remote.call(`/sessions/${session.session_id}/audio`);
    expect(Number(whole.headers.get('content-length'))).toBe(44 + MINUTES * MINUTE_BYTES);
    await comparesWhole(whole);
  }, 300_000);
});

/** Reads the whole recording and holds each minute against what was sent. */
async function comparesWhole(answer: Response): Promise<void> {
  let held = Buffer.alloc(0);
  let number = 0;
  let header = 44;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    held = Buffer.concat([held, chunk]);
    if (header > 0) {
      held = held.subarray(header);
      header = 0;
    }
    while (held.length >= MINUTE_BYTES) {
      if (Buffer.compare(held.subarray(0, MINUTE_BYTES), minute(number)) !== 0)
        throw new Error(`minute ${number} differs`);
      held = held.subarray(MINUTE_BYTES);
      number++;
    }
  }
  expect([number, held.length]).toEqual([MINUTES, 0]);
}
