import { createHash } from 'node:crypto';
import { RecordingView } from '@earshot/protocol';
import { keys } from '@earshot/storage';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { CallView } from '../ports.ts';
import { RecordingLink } from './recording-actions.ts';
import { type RecordingBench, startRecordings } from './testing/recording-bench.ts';

const Page = z.object({ data: z.array(RecordingView), nextCursor: z.string().nullable() });
const START = Date.parse('2026-03-01T00:00:00.000Z');
const DAY_MS = 86_400_000;
const WAV_BYTES = 16_044;
let bench: RecordingBench;
let call: CallView;
let id: (kind: string, of?: CallView) => string;

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  bench = await startRecordings(folder.path);
});
afterAll(async () => {
  await bench.stop();
  await folder.remove();
});

beforeEach(async () => {
  bench.clock.now = START;
  bench.announced.length = 0;
  call = await bench.addCall(bench.desk.record);
  id = (kind, of = call) => `rec_${of.callId.slice(5)}_${kind}`;
});

const wadial = (path = '', of = call): string =>
  `/api/v1/sessions/${of.lineId}/calls/${of.callId}/recordings${path}`;
const get = (path: string, key: string, headers: Record<string, string> = {}) =>
  bench.ask(path, { key, headers });
const bytesOf = async (url: string, key: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(bench.origin + url, { headers: { 'x-api-key': key, ...headers } });
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
};

describe('the recordings of a call', () => {
  it('are none until they are made, and then three, named by call and line', async () => {
    const paths = [`/v1/calls/${call.callId}/recordings`, wadial()];
    for (const path of paths) {
      const { recordings, data } = (await get(path, bench.desk.key)).json();
      expect(recordings ?? data).toEqual([]);
    }
    const sidecar = await bench.addRecordings(call);
    for (const path of paths) {
      const { recordings, data } = (await get(path, bench.desk.key)).json();
      const views = RecordingView.array().parse(recordings ?? data);
      expect(views.map((view) => view.kind)).toEqual(['inbound', 'outbound', 'mixed']);
      expect(views[2]).toEqual({
        recordingId: id('mixed'),
        kind: 'mixed',
        contentType: 'audio/wav',
        sizeBytes: WAV_BYTES,
        durationMs: 500,
        samples: 8000,
        sha256: sidecar.files[2]!.sha256,
        callId: call.callId,
        sessionId: 'lin_desk',
        createdAt: sidecar.createdAt,
        expiresAt: '2026-03-31T00:00:00.000Z',
      });
    }
  });

  it('are got one by one, by either path, and by the id of the carrier too', async () => {
    await bench.addRecordings(call);
    const pilot = await get(`/v1/recordings/${id('inbound')}`, bench.desk.key);
    expect(pilot.json()).toMatchObject({ kind: 'inbound', callId: call.callId });
    const { data } = (await get(wadial(`/${id('inbound')}`), bench.tenant)).json();
    expect(data).toEqual(pilot.json());
    const byCarrier = await get(`/v1/calls/${call.externalCallId}/recordings`, bench.desk.key);
    expect(byCarrier.json().recordings).toHaveLength(3);
  });

  it('of another call are not found under this one', async () => {
    const other = await bench.addCall(bench.desk.record);
    await bench.addRecordings(other);
    const answer = await get(wadial(`/${id('mixed', other)}`), bench.desk.key);
    expect([answer.status, answer.code()]).toEqual([404, 'recording_not_found']);
  });
});

describe('the audio of a recording', () => {
  beforeEach(() => bench.addRecordings(call));

  it('is the file as it was stored', async () => {
    const { files } = (await bench.archive.readSidecar({ tenant: 'clinic', sessionId: call.sessionId! }))!;
    for (const url of [`/v1/recordings/${id('outbound')}/audio`, wadial(`/${id('outbound')}/audio`)]) {
      const { answer, bytes } = await bytesOf(url, bench.desk.key);
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'audio/wav',
        'content-length': String(WAV_BYTES),
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-store',
        'content-disposition': `inline; filename="${call.callId}-outbound.wav"`,
      });
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(files[1]!.sha256);
    }
  });

  it.each([
    ['bytes=0-43', 0, 44],
    ['bytes=16000-', 16_000, WAV_BYTES],
    ['bytes=-100', WAV_BYTES - 100, WAV_BYTES],
    ['bytes=45-45', 45, 46],
  ])('comes in parts: %s', async (range, start, end) => {
    const url = `/v1/recordings/${id('mixed')}/audio`;
    const whole = (await bytesOf(url, bench.desk.key)).bytes;
    const { answer, bytes } = await bytesOf(url, bench.desk.key, { range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${WAV_BYTES}`);
    expect(bytes.equals(whole.subarray(start, end))).toBe(true);
  });

  it('has no part beyond its end', async () => {
    const range = `bytes=${WAV_BYTES}-`;
    const answer = await get(`/v1/recordings/${id('mixed')}/audio`, bench.desk.key, { range });
    expect([answer.status, answer.code()]).toEqual([416, 'range_not_satisfiable']);
  });

  it('tells its length to HEAD and sends nothing', async () => {
    const url = `${bench.origin}/v1/recordings/${id('mixed')}/audio`;
    const answer = await fetch(url, { method: 'HEAD', headers: { 'x-api-key': bench.desk.key } });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(WAV_BYTES)]);
  });
});

describe('a link to a recording', () => {
  beforeEach(() => bench.addRecordings(call));

  const link = async (path = `/v1/recordings/${id('mixed')}/link`): Promise<URL> => {
    const answer = (await bench.ask(path, { method: 'POST', key: bench.desk.key })).json();
    const { url, expiresInSeconds, expiresAt } = RecordingLink.parse(answer.data ?? answer);
    expect([expiresInSeconds, expiresAt]).toEqual([300, '2026-03-01T00:05:00.000Z']);
    return new URL(url);
  };
  const statusOf = async (url: URL): Promise<number> => (await fetch(url)).status;

  it('opens it without a key, any range, for five minutes', async () => {
    for (const url of [await link(), await link(wadial(`/${id('mixed')}/link`))]) {
      bench.clock.now = START + 299_000;
      expect(await statusOf(url)).toBe(200);
      const part = await fetch(url, { headers: { range: 'bytes=0-3' } });
      expect([part.status, await part.text()]).toEqual([206, 'RIFF']);
      bench.clock.now = START + 300_000;
      expect(await statusOf(url)).toBe(401);
      bench.clock.now = START;
    }
  });

  it('opens no other recording, nothing longer, and nothing of another tenant', async () => {
    const url = await link();
    const other = new URL(url);
    other.pathname = other.pathname.replace('_mixed', '_inbound');
    const longer = new URL(url);
    longer.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 60));
    const rival = new URL(url);
    rival.searchParams.set('tenant', 'rival');
    const bare = new URL(url.pathname, url);
    expect(await Promise.all([other, longer, rival, bare].map(statusOf))).toEqual([403, 403, 403, 403]);
  });
});

describe('who asks', () => {
  beforeEach(() => bench.addRecordings(call));

  it('with the key of another line or tenant gets the answer of one who made the id up', async () => {
    const unknown = `rec_${'0'.repeat(26)}_mixed`;
    const paths: [string, string][] = [
      ['GET', ''],
      ['GET', '/audio'],
      ['POST', '/link'],
      ['DELETE', ''],
    ];
    for (const [method, rest] of paths) {
      const ask = (recordingId: string, key: string) =>
        bench.ask(`/v1/recordings/${recordingId}${rest}`, { method, key });
      const made = await ask(unknown, bench.desk.key);
      expect([made.status, made.code()]).toEqual([404, 'recording_not_found']);
      for (const key of [bench.lab.key, bench.foreign.key]) {
        const answer = await ask(id('mixed'), key);
        expect([answer.status, answer.text]).toEqual([404, made.text]);
      }
    }
    expect((await get(`/v1/recordings/${id('mixed')}/audio`, bench.desk.key)).status).toBe(200);
  });

  it('with the key of another line does not learn of the line either', async () => {
    for (const path of [wadial(), wadial(`/${id('mixed')}`), '/api/v1/sessions/lin_desk/recordings']) {
      const answer = await get(path, bench.lab.key);
      expect([answer.status, answer.code()]).toEqual([404, 'line_not_found']);
    }
  });

  it('with the key of the whole tenant has to use the paths of a line', async () => {
    const answer = await get(`/v1/recordings/${id('mixed')}`, bench.tenant);
    expect([answer.status, answer.json().code]).toEqual([403, 'TENANT_SCOPE_NOT_ALLOWED']);
    expect((await get(wadial(), bench.tenant)).status).toBe(200);
  });

  it.each(['../../x', 'rec_short_mixed', `rec_${'A'.repeat(26)}_mixed`, `rec_${'0'.repeat(26)}_main`])(
    'for %s finds nothing',
    async (made) => {
      const answer = await get(`/v1/recordings/${encodeURIComponent(made)}`, bench.desk.key);
      expect([answer.status, answer.code()]).toEqual([404, 'recording_not_found']);
    },
  );
});

describe('deleting a recording', () => {
  it('removes all files of the call, says so once a file, and keeps the rest of the session', async () => {
    await bench.addRecordings(call);
    const ref = { tenant: 'clinic', sessionId: call.sessionId! };
    const segment = keys.segment(ref, { track: 'inbound', index: 0, firstSample: 0 });
    await bench.store.put(segment, new Uint8Array(44));
    const answer = await bench.ask(`/v1/recordings/${id('inbound')}`, {
      method: 'DELETE',
      key: bench.desk.key,
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    const left: string[] = [];
    for await (const { key } of bench.store.listAll(keys.sessionRoot(ref))) left.push(key);
    expect(left.map((key) => key.split('/').at(-1))).toEqual([
      'recording.json',
      'removed.json',
      segment.split('/').at(-1),
    ]);
    expect(bench.announced).toEqual(
      ['inbound', 'outbound', 'mixed'].map((kind) => ({
        type: 'recording.deleted',
        tenant: 'clinic',
        lineId: 'lin_desk',
        callId: call.callId,
        nonce: kind,
        data: { callId: call.callId, recordingId: id(kind), kind },
      })),
    );
    for (const kind of ['inbound', 'outbound', 'mixed']) {
      expect((await get(`/v1/recordings/${id(kind)}`, bench.desk.key)).status).toBe(404);
    }
    expect((await get(wadial(), bench.desk.key)).json()).toEqual({ data: [] });
  });

  it('by the path of the line does the same, and only once', async () => {
    await bench.addRecordings(call);
    const remove = () =>
      bench
        .ask(wadial(`/${id('mixed')}`), { method: 'DELETE', key: bench.tenant })
        .then(({ status }) => status);
    expect([await remove(), await remove()]).toEqual([204, 404]);
    expect(bench.announced).toHaveLength(3);
  });
});

describe('a recording whose time is over', () => {
  const statuses = async (): Promise<[number, string | undefined][]> => {
    const paths = [`/v1/recordings/${id('mixed')}`, `/v1/recordings/${id('mixed')}/audio`];
    const answers = await Promise.all(paths.map((path) => get(path, bench.desk.key)));
    return answers.map((answer) => [answer.status, answer.status < 400 ? undefined : answer.code()]);
  };

  it('is gone at that moment, also before the sweep has come by', async () => {
    await bench.addRecordings(call);
    bench.clock.now = START + 30 * DAY_MS - 1;
    expect((await statuses())[1]?.[0]).toBe(200);
    bench.clock.now = START + 30 * DAY_MS;
    expect(await statuses()).toEqual([
      [410, 'recording_removed'],
      [410, 'recording_removed'],
    ]);
    expect((await get(wadial(), bench.desk.key)).json()).toEqual({ data: [] });
  });

  it('stays gone after the sweep', async () => {
    await bench.addRecordings(call);
    const record = { v: 1 as const, removedAt: new Date(START).toISOString(), by: 'retention' as const };
    await bench.archive.createRecordingsRemoved({ tenant: 'clinic', sessionId: call.sessionId! }, record);
    expect((await statuses())[0]).toEqual([410, 'recording_removed']);
  });

  it('never comes where recordings are kept for ever', async () => {
    await bench.addRecordings(call, 0);
    bench.clock.now = START + 4000 * DAY_MS;
    expect((await statuses())[1]?.[0]).toBe(200);
  });
});

describe('the recordings of a line', () => {
  let own: RecordingBench;
  let ownFolder: TemporaryFolder;
  beforeEach(async () => {
    ownFolder = await temporaryFolder();
    own = await startRecordings(ownFolder.path);
  });
  afterEach(async () => {
    await own.stop();
    await ownFolder.remove();
  });

  it('come newest call first, page by page, each once, and none of other lines', async () => {
    const calls: CallView[] = [];
    for (let n = 0; n < 60; n += 1) {
      const one = await own.addCall(own.desk.record);
      // Some began in the same millisecond, and most have no recordings.
      own.calls.change(one.callId, { createdAt: new Date(START + Math.floor(n / 7)).toISOString() });
      if (n % 4 === 0) await own.addRecordings(one);
      if (n % 4 === 0) calls.push(one);
    }
    await own.addRecordings(await own.addCall(own.lab.record));
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 50; pages += 1) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await own.ask(`/api/v1/sessions/lin_desk/recordings?limit=4${query}`, {
        key: own.desk.key,
      });
      const { data, nextCursor } = Page.parse(page.json());
      expect(data.length).toBeLessThanOrEqual(6);
      seen.push(...data.map((view) => view.recordingId));
      cursor = nextCursor;
    }
    expect(cursor).toBeNull();
    expect(seen).toHaveLength(45);
    expect(new Set(seen)).toEqual(
      new Set(calls.flatMap((one) => ['inbound', 'outbound', 'mixed'].map((kind) => id(kind, one)))),
    );
  });

  it.each(['x', 'W10', Buffer.from('["yesterday",["call"]]').toString('base64url')])(
    'are not read from the cursor %s',
    async (cursor) => {
      const answer = await own.ask(`/api/v1/sessions/lin_desk/recordings?cursor=${cursor}`, {
        key: own.desk.key,
      });
      expect([answer.status, answer.code()]).toEqual([400, 'invalid_request']);
    },
  );
});
