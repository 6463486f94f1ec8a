import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { decodePcm16le } from '@earshot/audio';
import { freePort, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type Rig, startRig } from '../rig/earshot.ts';

const MAIN = fileURLToPath(new URL('../../services/calls/dist/main.js', import.meta.url));
const LINE = '/api/v1/sessions/lin_first';
const Call = z.object({
  data: z.object({ callId: z.string(), state: z.string(), endReason: z.string().nullable() }),
});
const Recordings = z.object({ data: z.array(z.object({ recordingId: z.string(), kind: z.string() })) });

let rig: Rig;
let origin: string;
let service: ChildProcess;

async function startCalls(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      ...rig.env,
      EARSHOT_CALLS_PORT: String(port),
      EARSHOT_JOURNAL_DIR: `${rig.folder.path}/journal-calls`,
      EARSHOT_SPOOL_DIR: `${rig.folder.path}/spool-calls`,
      EARSHOT_FIRST_LINE: 'lin_first',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until(
    () =>
      fetch(`${origin}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    { timeoutMs: 30_000, what: 'the calls service' },
  );
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

beforeAll(async () => {
  rig = await startRig();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  service = await startCalls(port);
}, 60_000);

afterAll(async () => {
  await kill(service);
  await rig.stop();
});

const api = (path: string, init: RequestInit = {}, key = rig.key): Promise<Response> =>
  fetch(`${origin}${path}`, {
    ...init,
    headers: { 'x-api-key': key, ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) },
  });
const see = async (id: string) => Call.parse(await (await api(`${LINE}/calls/${id}`)).json()).data;

describe('a calls service that is killed in the middle of a call', () => {
  it('ends the call at its next start, keeps what was heard, and honours no token of before', async () => {
    const keyed = await api('/v1/lines/lin_first/key', { method: 'POST' });
    const { key } = z.object({ key: z.string() }).parse(await keyed.json());
    const body = JSON.stringify({ to: 'loop:tone?hz=440' });
    const { callId } = Call.parse(await (await api(`${LINE}/calls`, { method: 'POST', body })).json()).data;
    await until(async () => (await see(callId)).state === 'active');
    const minted = await api(
      `/v1/calls/${callId}/realtime-session`,
      { method: 'POST', body: JSON.stringify({ mode: 'listen' }) },
      key,
    );
    const { wsUrl } = z.object({ wsUrl: z.string() }).parse(await minted.json());
    await new Promise((done) => setTimeout(done, 4000));
    await kill(service);
    service = await startCalls(Number(new URL(origin).port));

    expect(await see(callId)).toMatchObject({ state: 'ended', endReason: 'node_lost' });
    const refused = new WebSocket(wsUrl);
    const [error] = await once(refused, 'error');
    expect(String(error)).toContain('401');
    let files: z.infer<typeof Recordings>['data'] = [];
    await until(
      async () => {
        const answer = await api(`${LINE}/calls/${callId}/recordings`);
        files = answer.ok ? Recordings.parse(await answer.json()).data : [];
        return files.length === 3;
      },
      { timeoutMs: 60_000, what: 'the recordings' },
    );
    const lengths = await Promise.all(
      files.map(async ({ recordingId }) => {
        const file = await api(`${LINE}/calls/${callId}/recordings/${recordingId}/audio`);
        return decodePcm16le(new Uint8Array(await file.arrayBuffer()).subarray(44)).length;
      }),
    );
    expect(new Set(lengths).size).toBe(1);
    // Four seconds were heard for sure; the last fraction of a second may not have been on disk yet.
    expect(lengths[0]).toBeGreaterThan(3.5 * 16_000);
  }, 120_000);
});
