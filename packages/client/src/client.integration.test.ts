import { afterEach, describe, expect, it } from '@jest/globals';
import { createEarshotClient } from './client.ts';
import { EarshotApiError, EarshotConnectionError } from './http/api-error.ts';
import { ResultTimeoutError } from './session/result-wait.ts';
import {
  type LocalServer,
  type PlannedAnswer,
  type SeenRequest,
  startLocalServer,
} from './testing/local-server.ts';

const retry = { baseDelayMs: 1 };
const created = {
  session_id: 'ses_0123456789abcdef',
  status: 'created',
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T01:00:00.000Z',
  upload_url: 'http://127.0.0.1:1/audio',
  patient_details: null,
};
const common = {
  session_id: created.session_id,
  created_at: created.created_at,
  expires_at: created.expires_at,
  upload_type: 'stream',
  audio_files_received: 1,
  audio_files: ['main/0.wav'],
  additional_data: {},
  patient_details: null,
  user_status: null,
  coverage: { tracks: [], gaps: [] },
  segments: [],
};
const progress = {
  ...common,
  status: 'processing',
  upload_url: created.upload_url,
  transcript: '',
  progress: { segments_total: 2, segments_done: 1 },
};
const finished = {
  ...common,
  status: 'completed',
  completed_at: '2026-01-01T00:01:00.000Z',
  model_used: 'lite',
  templates: [],
  transcript: 'good morning',
  utterances: [],
  audio_files_processed: 1,
  processing_errors: [],
  engine: { name: 'scripted', model: 'none', version: '1' },
};

let server: LocalServer;
afterEach(() => server.close());

/** Starts a server that gives these answers in turn, the last one for ever. */
async function serve(...answers: (PlannedAnswer | ((request: SeenRequest) => PlannedAnswer))[]) {
  let turn = 0;
  server = await startLocalServer({
    answer: (request) => {
      const planned = answers[Math.min(turn++, answers.length - 1)]!;
      return typeof planned === 'function' ? planned(request) : planned;
    },
  });
  return createEarshotClient({ baseUrl: server.url, apiKey: 'sk_test_x', retry });
}

describe('createEarshotClient', () => {
  it('creates a session with its key as bearer and the fields as JSON', async () => {
    const client = await serve({ status: 201, json: created });
    const session = await client.createSession({ upload_type: 'stream', model: 'pro' });
    expect(session.session_id).toBe(created.session_id);
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: '/voice/v1/sessions' });
    expect(server.seen[0]!.headers.authorization).toBe('Bearer sk_test_x');
    expect(JSON.parse(server.seen[0]!.body.toString())).toEqual({ upload_type: 'stream', model: 'pro' });
  });

  it('repeats a lost Create with the same idempotency key', async () => {
    const client = await serve({ status: 0, hangUp: true }, { status: 201, json: created });
    await client.createSession();
    const keys = server.seen.map((request) => request.headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it('accepts a base URL that already names the API', async () => {
    await serve({ status: 200, json: { sessions: [], next_cursor: null } });
    const client = createEarshotClient({ baseUrl: `${server.url}/voice/v1/`, apiKey: 'k' });
    await client.listSessions({ limit: 5, cursor: 'a b' });
    expect(server.seen[0]!.url).toBe('/voice/v1/sessions?limit=5&cursor=a+b');
  });

  it('throws the code, status and details of a refusal and does not repeat it', async () => {
    const error = { code: 'session_ended', message: 'The session has already ended.', details: { a: 1 } };
    const client = await serve({ status: 400, json: { error } });
    const failure = await client.endSession('ses_x').catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(EarshotApiError);
    expect(failure).toMatchObject({ status: 400, code: 'session_ended', details: { a: 1 } });
    expect(server.seen).toHaveLength(1);
  });

  it('names the status when a refusal is no envelope', async () => {
    const client = await serve({ status: 403, text: '<html>no</html>' });
    await expect(client.deleteSession('ses_x')).rejects.toMatchObject({ status: 403, code: 'http_error' });
  });

  it('does not take the page of a proxy for an answer', async () => {
    const client = await serve({ status: 200, text: '<html>welcome</html>' });
    await expect(client.getSession('ses_x')).rejects.toMatchObject({
      code: 'unexpected_answer',
      status: 200,
    });
  });

  it('runs a fetch that refuses to be a method, as in browsers', async () => {
    await serve({ status: 204 });
    function strictFetch(this: unknown, url: string | URL | Request, init?: RequestInit): Promise<Response> {
      if (this !== undefined) throw new TypeError('Illegal invocation');
      return fetch(url, init);
    }
    const client = createEarshotClient({ baseUrl: server.url, fetch: strictFetch });
    await client.deleteSession('ses_x');
    expect(server.seen).toHaveLength(1);
  });

  it('tries a busy server again until it answers', async () => {
    const client = await serve(
      { status: 503 },
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 204 },
    );
    await client.deleteSession('ses_x');
    expect(server.seen).toHaveLength(3);
  });

  it('ends a session by the answer of Create Session', async () => {
    const ended = { session_id: created.session_id, status: 'processing', message: 'Ended.' };
    const client = await serve({ status: 201, json: created }, { status: 500, json: ended });
    const failure = client.end(await client.createSession(), { audioFilesSent: 2 });
    await expect(failure).rejects.toMatchObject({ status: 500 });
    expect(server.seen[1]!.url).toBe(`/voice/v1/sessions/${created.session_id}/end`);
    expect(JSON.parse(server.seen[1]!.body.toString())).toEqual({ audio_files_sent: 2 });
  });

  it('says which server cannot be reached when nobody listens', async () => {
    const client = await serve({ status: 204 });
    await server.close();
    const failure = client.deleteSession('ses_x');
    await expect(failure).rejects.toThrow(EarshotConnectionError);
    await expect(failure).rejects.toThrow(`The server at ${server.url} could not be reached.`);
  });

  it('asks for a new token once after a 401', async () => {
    await serve((request) => ({
      status: request.headers.authorization === 'Bearer new' ? 200 : 401,
      text: 'words',
    }));
    const asked: boolean[] = [];
    const client = createEarshotClient({
      baseUrl: server.url,
      getToken: (refresh) => {
        asked.push(refresh);
        return refresh ? 'new' : 'old';
      },
    });
    expect(await client.transcript('ses_x', 'srt')).toBe('words');
    expect(asked).toEqual([false, true]);
    expect(server.seen[1]!.url).toBe('/voice/v1/sessions/ses_x/transcript?format=srt');
  });

  it('stops at once when its signal is aborted', async () => {
    const client = await serve({ status: 503 });
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(client.getSession('ses_x', { signal: controller.signal })).rejects.toThrow('enough');
  });
});

describe('uploadFile', () => {
  const receipt = {
    session_id: 'ses_x',
    success: true,
    original_filename: 'audio_0.wav',
    filename: '0.wav',
    size_bytes: 3,
    duplicate: false,
  };
  const bytes = Uint8Array.of(1, 2, 3);
  const sources = {
    bytes: () => bytes,
    blob: () => new Blob([bytes]),
    stream: () => new Blob([bytes]).stream(),
  };

  it.each(Object.keys(sources) as (keyof typeof sources)[])('sends %s to the upload URL', async (kind) => {
    const client = await serve({ status: 200, json: receipt });
    const file = { name: 'audio_0.wav', data: sources[kind](), contentType: 'audio/wav' };
    const answer = await client.uploadFile(`${server.url}/somewhere/audio`, file);
    expect(answer.filename).toBe('0.wav');
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: '/somewhere/audio/audio_0.wav' });
    expect(server.seen[0]!.headers['content-type']).toBe('audio/wav');
    expect([...server.seen[0]!.body]).toEqual([1, 2, 3]);
  });

  it('does not send a stream twice, for it can be read only once', async () => {
    const client = await serve({ status: 503 }, { status: 200, json: receipt });
    const file = { name: 'audio_0.wav', data: sources.stream() };
    await expect(client.uploadFile(`${server.url}/audio`, file)).rejects.toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(1);
  });
});

describe('waitForResult', () => {
  it('long-polls until the session is finished and reports what it sees', async () => {
    const client = await serve({ status: 202, json: progress }, { status: 200, json: finished });
    const seen: number[] = [];
    const result = await client.waitForResult('ses_x', {
      onProgress: (session) => seen.push(session.progress.segments_done),
    });
    expect(result.transcript).toBe('good morning');
    expect(seen).toEqual([1]);
    expect(server.seen[0]!.url).toBe('/voice/v1/sessions/ses_x?wait=14');
  });

  it('returns a partial session too', async () => {
    const client = await serve({ status: 206, json: { ...finished, status: 'partial' } });
    expect((await client.waitForResult('ses_x')).status).toBe('partial');
  });

  it('throws for an expired session', async () => {
    const expired = {
      ...common,
      status: 'expired',
      expired_at: created.expires_at,
      message: 'The session has expired.',
      templates: {},
      transcript: null,
    };
    const client = await serve({ status: 410, json: expired });
    await expect(client.waitForResult('ses_x')).rejects.toMatchObject({ code: 'session_expired' });
  });

  it('waits for a server that is being restarted', async () => {
    await serve({ status: 0, hangUp: true }, { status: 503 }, { status: 200, json: finished });
    const client = createEarshotClient({ baseUrl: server.url, apiKey: 'k', retry: { attempts: 1 } });
    expect((await client.waitForResult({ session_id: 'ses_x' })).status).toBe('completed');
  });

  it('gives up when the time is up', async () => {
    const client = await serve({ status: 202, json: progress });
    await expect(client.waitForResult('ses_x', { timeoutMs: 0 })).rejects.toThrow(ResultTimeoutError);
  });
});
