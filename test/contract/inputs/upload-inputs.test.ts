import { encodeWav } from '@earshot/audio';
import { computedAudio } from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '../../rig/calls.ts';
import { encodeAs } from '../../rig/containers.ts';
import { type Rig, startRig } from '../../rig/earshot.ts';
import { rawCall } from '../../rig/raw-http.ts';
import { expectRefusal } from '../../rig/refusals.ts';
import { startScribedRig } from '../../rig/scribed.ts';
import { ask, codeOf, end, newSession, result, upload } from '../../rig/session-calls.ts';
import { spooledFiles, storedObjects } from '../../rig/stored-objects.ts';

const MAX_CHUNK = 65_536;
const MAX_SINGLE = 131_072;
const BAD_REQUEST = [400, 'invalid_request'] as const;
const TOO_LARGE = [413, 'chunk_too_large'] as const;

let rig: Rig;
let id: string;
const wav = encodeWav(computedAudio(1, 0, 8000), 16_000);

beforeAll(async () => {
  const limits = { EARSHOT_MAX_CHUNK_BYTES: `${MAX_CHUNK}`, EARSHOT_MAX_SINGLE_BYTES: `${MAX_SINGLE}` };
  rig = await startRig({ worker: false, env: limits });
}, 60_000);
afterAll(() => rig.stop());
beforeEach(async () => {
  id = (await newSession(rig, { upload_type: 'chunked' })).id;
});

describe('an upload to a session that cannot take it', () => {
  const send =
    (sessionId: string, on: Rig = rig) =>
    () =>
      upload(on, sessionId, 'audio_0.wav', { body: wav });

  it('is refused after End', async () => {
    await end(rig, id);
    await expectRefusal(rig, [400, 'session_ended'], send(id));
  });

  it('is refused when there is a result', async () => {
    const scribed = await startScribedRig();
    try {
      const session = await newSession(scribed, { upload_type: 'chunked' });
      await end(scribed, session.id);
      await result(scribed, session.id);
      await expectRefusal(scribed, [400, 'session_completed'], send(session.id, scribed));
    } finally {
      await scribed.stop();
    }
  });

  it('is refused from the moment the session expires, whoever looked at it before', async () => {
    const brief = await startRig({ worker: false, env: { EARSHOT_SESSION_TTL_SECONDS: '1' } });
    try {
      const first = await newSession(brief, { upload_type: 'chunked' });
      const second = await newSession(brief, { upload_type: 'chunked' });
      const third = await newSession(brief, { upload_type: 'chunked' });
      const live = await newSession(brief, { upload_type: 'stream' });
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const late = await upload(brief, first.id, 'audio_0.wav', { body: wav });
      expect([late.status, codeOf(late)]).toEqual([410, 'session_expired']);
      expect(late.body).toMatchObject({
        error: { details: { session_id: first.id, expired_at: expect.any(String) } },
      });
      await expectRefusal(brief, [410, 'session_expired'], send(first.id, brief));
      expect(codeOf(await end(brief, second.id))).toBe('session_expired');
      const change = { method: 'PATCH', json: { user_status: 'commit' } };
      expect(codeOf(await ask(brief, `/sessions/${third.id}`, change))).toBe('session_expired');
      const feed = { body: Buffer.alloc(640), headers: { 'content-type': 'audio/l16;rate=16000' } };
      expect(codeOf(await ask(brief, `/sessions/${live.id}/audio`, feed))).toBe('session_expired');
    } finally {
      await brief.stop();
    }
  });

  it('is refused by a stream session, which takes live audio', async () => {
    const { id: stream } = await newSession(rig, { upload_type: 'stream' });
    await expectRefusal(rig, BAD_REQUEST, send(stream));
  });

  it('is refused as a second file of a single session', async () => {
    const { id: single } = await newSession(rig, { upload_type: 'single' });
    expect((await upload(rig, single, 'audio_1.wav', { body: wav })).body['filename']).toBe('0.wav');
    const other = Buffer.concat([wav], wav.length + 2);
    const refusal = await expectRefusal(rig, [409, 'upload_conflict'], () =>
      upload(rig, single, 'audio_2.wav', { body: other }),
    );
    const message = expect.stringMatching(/takes one file.*another session.*"chunked"/);
    expect(refusal.body).toMatchObject({ error: { message } });
  });
});

describe('a body of a wrong size', () => {
  const padded = (bytes: number): Uint8Array => Buffer.concat([wav], bytes);
  const path = () => `/voice/v1/sessions/${id}/audio/audio_0.wav`;

  it('is refused when it is empty', async () => {
    await expectRefusal(rig, BAD_REQUEST, () => upload(rig, id, 'audio_0.wav', { body: new Uint8Array(0) }));
    const headers = { 'content-type': 'audio/wav', 'transfer-encoding': 'chunked' };
    await expectRefusal(rig, BAD_REQUEST, () => rawCall(rig, { method: 'POST', path: path(), headers }));
  });

  it('is taken up to the limit and refused one byte above, with a length and without', async () => {
    const sizes: [number, number][] = [
      [MAX_CHUNK, 0],
      [MAX_CHUNK, 1],
    ];
    for (const [bytes, sequence] of sizes) {
      const answer = await upload(rig, id, `audio_${sequence}.wav`, { body: padded(bytes) });
      expect([bytes, answer.status]).toEqual([bytes, 200]);
    }
    const big = padded(MAX_CHUNK + 1);
    const refused = await expectRefusal(rig, TOO_LARGE, () => upload(rig, id, 'audio_2.wav', { body: big }));
    expect(refused.body).toMatchObject({ error: { details: { max_bytes: MAX_CHUNK } } });
    const headers = { 'content-type': 'audio/wav' };
    const call = {
      method: 'POST',
      path: path(),
      headers,
      chunks: [big.subarray(0, 40_000), big.subarray(40_000)],
    };
    await expectRefusal(rig, TOO_LARGE, () => rawCall(rig, call));
    const form = new FormData();
    form.append('file', new Blob([Buffer.from(big)]), 'audio_3.wav');
    await expectRefusal(rig, TOO_LARGE, async () => {
      const { headers: formHeaders } = new Response(form);
      const body = new Uint8Array(await new Response(form).arrayBuffer());
      const boundary = Buffer.from(body).toString('latin1', 2, Buffer.from(body).indexOf('\r\n'));
      expect(formHeaders.get('content-type')).toContain('multipart/form-data');
      const type = `multipart/form-data; boundary=${boundary}`;
      return ask(rig, `/sessions/${id}/audio`, { body, headers: { 'content-type': type } });
    });
  });

  it('has another limit in a single session', async () => {
    const { id: single } = await newSession(rig, { upload_type: 'single' });
    await expectRefusal(rig, TOO_LARGE, () => upload(rig, single, 'a.wav', { body: padded(MAX_SINGLE + 1) }));
    expect((await upload(rig, single, 'a.wav', { body: padded(MAX_SINGLE) })).status).toBe(200);
  });

  it('is refused in the middle of a large one, which is not read to its end', async () => {
    const chunks = Array.from({ length: 80 }, () => new Uint8Array(65_536));
    const raw = { 'content-type': 'audio/wav' };
    await expectRefusal(rig, TOO_LARGE, () =>
      rawCall(rig, { method: 'POST', path: path(), headers: raw, chunks: [wav, ...chunks] }),
    );
    const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a_0.wav"\r\n\r\n';
    const form = { 'content-type': 'multipart/form-data; boundary=x' };
    await expectRefusal(rig, TOO_LARGE, () =>
      rawCall(rig, {
        method: 'POST',
        path: path(),
        headers: form,
        chunks: [Buffer.from(head), wav, ...chunks],
      }),
    );
  });

  it('is refused by its announcement alone, before it is sent', async () => {
    const headers = { 'content-type': 'audio/wav', 'content-length': '1000000000000' };
    const call = { method: 'POST', path: path(), headers, chunks: [wav], cutOff: true };
    await expectRefusal(rig, TOO_LARGE, () => rawCall(rig, call));
  });

  it.each([
    ['with a length', { 'content-length': `${wav.length}` }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('leaves nothing when it breaks off half-way %s', async (_name, framing) => {
    const before = await storedObjects(rig);
    const headers = { 'content-type': 'audio/wav', ...framing };
    const call = { method: 'POST', path: path(), headers, chunks: [wav.subarray(0, 8000)], cutOff: true };
    await expect(rawCall(rig, call)).rejects.toThrow('cut off');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await storedObjects(rig)).toEqual(before);
    expect(await spooledFiles(rig)).toEqual([]);
    expect((await upload(rig, id, 'audio_0.wav', { body: wav })).status).toBe(200);
  });
});

describe('a form that breaks off', () => {
  const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="audio_0.wav"\r\n\r\n';
  const pieces: [string, Uint8Array][] = [
    ['before its first part', Buffer.from('--x')],
    ['in the head of a part', Buffer.from(head.slice(0, 40))],
    ['before the first byte of its file', Buffer.from(head)],
    ['in its file', Buffer.concat([Buffer.from(head), wav.subarray(0, 8000)])],
    ['in its last line', Buffer.concat([Buffer.from(head), wav, Buffer.from('\r\n--')])],
  ];
  it.each(pieces)('%s leaves nothing and harms nobody', async (_name, sent) => {
    const before = await storedObjects(rig);
    for (const type of ['multipart/form-data; boundary=x', 'audio/wav']) {
      for (const framing of [{ 'content-length': '50000' }, { 'transfer-encoding': 'chunked' }]) {
        const headers = { 'content-type': type, ...framing };
        const path = `/voice/v1/sessions/${id}/audio/audio_0.wav`;
        const call = { method: 'POST', path, headers, chunks: [sent], cutOff: true };
        await expect(rawCall(rig, call)).rejects.toThrow('cut off');
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await storedObjects(rig)).toEqual(before);
    expect(await spooledFiles(rig)).toEqual([]);
    expect((await upload(rig, id, 'audio_0.wav', { body: wav })).status).toBe(200);
  });
});

describe('a file name', () => {
  it.each([
    'audio.wav',
    'audio_.wav',
    'audio_01.wav',
    'audio_00.wav',
    '0_audio.wav',
    'audio_-1.wav',
    'audio_1.5.wav',
    'audio_1e3.wav',
    'audio_0x1.wav',
    'audio_1234567.wav',
    'audio_10000.wav',
    'audio_9007199254740993.wav',
    'audio_%D9%A1.wav',
    'audio_%EF%BC%91.wav',
    '_0.wav',
    '.audio_0.wav',
    '-rf_0.wav',
    'a..b_0.wav',
    '%2e%2e%2faudio_0.wav',
    '..%5caudio_0.wav',
    '..%2f..%2fsession.json',
    'a%2fb_0.wav',
    'a%00b_0.wav',
    'a%0d%0aX-Evil:%201_0.wav',
    'a%20b_0.wav',
    'a%22b_0.wav',
    '%24(id)_0.wav',
    '%60id%60_0.wav',
    '%F0%9F%8E%99_0.wav',
    '%E2%80%AEgpj_0.wav',
    `${'a'.repeat(110)}_0.wav`,
  ])('%s is refused', async (name) => {
    const path = `/voice/v1/sessions/${id}/audio/${name}`;
    const call = { method: 'POST', path, headers: { 'content-type': 'audio/wav' }, chunks: [wav] };
    await expectRefusal(rig, BAD_REQUEST, () => rawCall(rig, call));
  });

  it.each([
    ['..', 400],
    ['%c0%ae%c0%ae', 400],
    ['%zz_0.wav', 400],
    [`${'a'.repeat(300)}_0.wav`, 404],
  ])('%s never becomes a name', async (name, status) => {
    const before = await storedObjects(rig);
    const path = `/voice/v1/sessions/${id}/audio/${name}`;
    const call = { method: 'POST', path, headers: { 'content-type': 'audio/wav' }, chunks: [wav] };
    expect([name, (await rawCall(rig, call)).status]).toEqual([name, status]);
    expect(await storedObjects(rig)).toEqual(before);
  });

  it.each(['"../../evil_0.wav"', '"a\\"b_0.wav"', '"audio.wav"', '"\u00e9_0.wav"'])(
    'in a header is judged alike: %s',
    async (name) => {
      const headers = { 'content-type': 'audio/wav', 'content-disposition': `attachment; filename=${name}` };
      const call = { method: 'POST', path: `/voice/v1/sessions/${id}/audio`, headers, chunks: [wav] };
      await expectRefusal(rig, BAD_REQUEST, () => rawCall(rig, call));
    },
  );

  it.each(['-1', '1.0', '01', '1e2', 'x', '10000', ''])(
    'does not help against the index %p',
    async (index) => {
      const headers = { 'content-type': 'audio/wav', 'x-chunk-index': index };
      const path = `/voice/v1/sessions/${id}/audio/audio_0.wav`;
      await expectRefusal(rig, BAD_REQUEST, () =>
        rawCall(rig, { method: 'POST', path, headers, chunks: [wav] }),
      );
    },
  );

  it('that is missing is asked for', async () => {
    await expectRefusal(rig, [400, 'missing_required_field'], () =>
      ask(rig, `/sessions/${id}/audio`, { body: wav, headers: { 'content-type': 'audio/wav' } }),
    );
  });
});

describe('a sequence number that is taken', () => {
  it('takes the same bytes again as a repetition, under any name, and refuses others', async () => {
    const other = encodeWav(computedAudio(2, 0, 8000), 16_000);
    const mp3 = await encodeAs('mp3', computedAudio(3, 0, 8000));
    expect((await upload(rig, id, 'audio_5.wav', { body: wav })).body).toMatchObject({ duplicate: false });
    const before = await storedObjects(rig);
    expect(await upload(rig, id, 'again_5.wav', { body: wav })).toMatchObject({
      status: 200,
      body: { duplicate: true, filename: '5.wav', success: true },
    });
    expect(await storedObjects(rig)).toEqual(before);
    const conflict = [409, 'upload_conflict'] as const;
    await expectRefusal(rig, conflict, () => upload(rig, id, 'audio_5.wav', { body: other }));
    await expectRefusal(rig, conflict, () =>
      upload(rig, id, 'audio_5.mp3', { body: mp3, type: 'audio/mp3' }),
    );
    expect((await ask(rig, `/sessions/${id}`)).body).toMatchObject({ audio_files: ['5.wav'] });
  });

  it('has one owner when many come at once', async () => {
    const files = Array.from({ length: 8 }, (_, i) =>
      encodeWav(computedAudio(10 + (i % 4), 0, 8000), 16_000),
    );
    const answers = await Promise.all(files.map((body) => upload(rig, id, 'audio_0.wav', { body })));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 409, 409, 409, 409, 409, 409]);
    const winner = sha256(files[answers.findIndex(({ status }) => status === 200)] ?? wav);
    const receipts = Object.entries(await storedObjects(rig)).filter(([key]) =>
      key.includes(`${id}/uploads/0`),
    );
    expect(receipts.map(([, hash]) => hash)).toContain(winner);
    expect((await ask(rig, `/sessions/${id}`)).body).toMatchObject({ audio_files: ['0.wav'] });
  });
});
