import { encodeWav } from '@earshot/audio';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keyOf, type ScribedRig, startScribedRig } from '../../rig/scribed.ts';
import {
  type Answer,
  ask,
  end,
  isRecord,
  newSession,
  readAnswer,
  result,
  upload,
} from '../../rig/session-calls.ts';
import { spokenSample } from '../../rig/speech.ts';
import { storedObjects } from '../../rig/stored-objects.ts';
import { type Operation, operationsOf, parametersOf } from '../schema/openapi-structure.ts';

/** Routes that name a tenant's thing in their path but open to whoever holds its unguessable id or signature. */
const CAPABILITIES = ['/voice/v1/media/{session_id}/audio', '/voice/v1/stream/sessions/{stream_id}/audio'];

let rig: ScribedRig;
let stranger: Record<string, string>;
let operations: readonly Operation[];
let finished: string;
let open: string;
let webhook: string;
let wav: Uint8Array;

beforeAll(async () => {
  rig = await startScribedRig();
  wav = encodeWav(spokenSample(3), 16_000);
  stranger = { authorization: `Bearer ${await keyOf(rig, 'stranger')}` };
  operations = operationsOf(await (await fetch(`${rig.origin}/openapi.json`)).json());
  finished = (await newSession(rig, { upload_type: 'chunked', templates: ['transcript'] })).id;
  await upload(rig, finished, 'audio_0.wav', { body: wav });
  await end(rig, finished);
  expect((await result(rig, finished)).status).toBe(200);
  open = (await newSession(rig, { upload_type: 'chunked' })).id;
  const hook = { url: 'http://127.0.0.1:9/hook', events: ['session.completed'] };
  webhook = String((await ask(rig, '/webhooks', { json: hook })).body['webhook_id']);
}, 60_000);
afterAll(() => rig.stop());

/** Bodies with which each operation would do something, were the thing the caller's own. */
function bodyOf({ method, path }: Operation): { body?: string; type?: string } {
  if (method === 'patch') return { body: '{"user_status":"taken"}', type: 'application/json' };
  if (path.endsWith('/end')) return { body: '{"audio_files_sent":1}', type: 'application/json' };
  const audio = path.includes('/audio') && (method === 'post' || method === 'put');
  return audio ? { body: Buffer.from(wav).toString('latin1'), type: 'audio/wav' } : {};
}

async function callAs(
  headers: Record<string, string>,
  operation: Operation,
  ids: { session: string; webhook: string },
): Promise<Answer> {
  const path = operation.path
    .replace('{session_id}', ids.session)
    .replace('{webhook_id}', ids.webhook)
    .replace('{file_name}', 'audio_1.wav');
  const { body, type } = bodyOf(operation);
  return readAnswer(
    await fetch(rig.origin + path, {
      method: operation.method.toUpperCase(),
      headers: { ...headers, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: Buffer.from(body, 'latin1') }),
    }),
  );
}

/** All of an answer that a caller can compare: status, headers but for times and ids, and the body. */
function appearance(answer: Answer, id: string): object {
  const volatile = ['date', 'x-request-id', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'content-length'];
  const headers = [...answer.headers].filter(([name]) => !volatile.includes(name));
  const text = Buffer.from(answer.bytes).toString('latin1').replaceAll(id, 'ID');
  return { status: answer.status, headers, text, length: text.length };
}

const named = (operation: Operation): boolean =>
  parametersOf(operation, 'path').some((name) => name !== 'file_name') &&
  !CAPABILITIES.includes(operation.path);

describe('a session of another tenant', () => {
  it.each([
    ['that is finished', () => finished],
    ['that is open', () => open],
  ])('%s looks on every route like one that never was', async (_name, id) => {
    const tried = operations.filter(named);
    expect(tried.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'get /voice/v1/sessions/{session_id}',
        'delete /voice/v1/sessions/{session_id}',
        'get /voice/v1/sessions/{session_id}/transcript',
        'post /voice/v1/sessions/{session_id}/audio/{file_name}',
        'delete /voice/v1/webhooks/{webhook_id}',
      ]),
    );
    const before = await storedObjects(rig);
    for (const operation of tried) {
      const real = { session: id(), webhook };
      const unknown = {
        session: 'ses_00000000000000000000000000',
        webhook: 'whk_00000000000000000000000000',
      };
      const foreign = await callAs(stranger, operation, real);
      const missing = await callAs(stranger, operation, unknown);
      const name = `${operation.method} ${operation.path}`;
      expect([name, foreign.status]).toEqual([name, 404]);
      const idOf = (ids: typeof real) => (operation.path.includes('webhook_id') ? ids.webhook : ids.session);
      expect([name, appearance(foreign, idOf(real))]).toEqual([name, appearance(missing, idOf(unknown))]);
    }
    expect(await storedObjects(rig)).toEqual(before);
  });

  it('is in no list of theirs, and its id is free to them', async () => {
    const list = await ask(rig, '/sessions?limit=100', { headers: stranger });
    expect(list.body).toEqual({ sessions: [], next_cursor: null });
    expect((await ask(rig, '/webhooks', { headers: stranger })).body).toEqual({ webhooks: [] });
    const { answer } = await newSession(rig, { session_id: finished, upload_type: 'single' }, stranger);
    expect(answer.body).toMatchObject({ session_id: finished, status: 'created' });
    expect((await ask(rig, `/sessions/${finished}`, { headers: stranger })).body).toMatchObject({
      status: 'created',
      audio_files: [],
    });
    expect((await ask(rig, `/sessions/${finished}`)).body).toMatchObject({ status: 'completed' });
    expect((await ask(rig, `/sessions/${finished}`, { method: 'DELETE', headers: stranger })).status).toBe(
      200,
    );
    expect((await ask(rig, `/sessions/${finished}`)).body).toMatchObject({ status: 'completed' });
  });

  it('is not opened by a link that was signed for another tenant or another session', async () => {
    const accept = { accept: 'application/json' };
    const link = await ask(rig, `/sessions/${finished}/audio`, { headers: accept });
    const url = new URL(String(link.body['audio_url']));
    expect((await fetch(url)).status).toBe(200);
    const changed = (change: (copy: URL) => void): URL => {
      const copy = new URL(url);
      change(copy);
      return copy;
    };
    for (const forged of [
      changed((copy) => copy.searchParams.set('tenant', 'stranger')),
      changed((copy) => copy.searchParams.delete('signature')),
      changed((copy) => copy.searchParams.set('expires', '99999999999')),
      changed((copy) => {
        copy.pathname = copy.pathname.replace(finished, open);
      }),
    ]) {
      const answer = await readAnswer(await fetch(forged));
      expect([forged.search, answer.status]).toEqual([forged.search, 403]);
    }
  });

  it('is fed by nobody who does not know its stream', async () => {
    const before = await storedObjects(rig);
    for (const id of ['str_00000000000000000000000000', open, finished, '..%2f..', 'x']) {
      const answer = await readAnswer(
        await fetch(`${rig.origin}/voice/v1/stream/sessions/${id}/audio`, {
          method: 'POST',
          headers: { 'content-type': 'audio/l16;rate=16000' },
          body: Buffer.alloc(3200),
        }),
      );
      expect([id, answer.status]).toEqual([id, 404]);
      expect(isRecord(answer.body['error'])).toBe(true);
    }
    expect(await storedObjects(rig)).toEqual(before);
  });
});
