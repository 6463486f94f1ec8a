import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecordingView, WadialCall } from '@earshot/protocol';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EarshotApiError, EarshotConnectionError } from '../http/api-error.ts';
import {
  type LocalServer,
  type PlannedAnswer,
  type SeenRequest,
  startLocalServer,
} from '../testing/local-server.ts';
import { type CallsClient, createCallsClient } from './calls-client.ts';

const at = '2026-01-01T00:00:00.000Z';
const call: WadialCall = {
  callId: 'call_a',
  sessionId: 'lin_desk',
  peerJid: 'echo',
  peer: 'echo',
  direction: 'outgoing',
  mediaType: 'audio',
  state: 'active',
  transport: 'websocket',
  audioMuted: false,
  transcriptionSessionId: null,
  endReason: null,
  createdAt: at,
  connectedAt: at,
  endedAt: null,
  updatedAt: at,
};
const recording: RecordingView = {
  recordingId: 'rec_1_mixed',
  callId: 'call_a',
  sessionId: 'lin_desk',
  kind: 'mixed',
  contentType: 'audio/wav',
  sizeBytes: 10,
  durationMs: 1,
  samples: 5,
  sha256: 'x',
  createdAt: at,
  expiresAt: null,
};
const asset = {
  id: 'ast_1',
  filename: 'a.mp3',
  contentType: 'audio/mpeg',
  sizeBytes: 3,
  durationMs: 1,
  status: 'ready',
};
const name = { line: 'lin_desk', call: 'call/a' };
const LINE = '/api/v1/sessions/lin_desk';
const CALL = `${LINE}/calls/call%2Fa`;

let server: LocalServer;
afterEach(() => server.close());

async function connect(answer: (request: SeenRequest) => PlannedAnswer): Promise<CallsClient> {
  server = await startLocalServer({ answer });
  return createCallsClient({ baseUrl: `${server.url}/`, apiKey: 'k', retry: { baseDelayMs: 1 } });
}
const data =
  (value: unknown, status = 200): (() => PlannedAnswer) =>
  () => ({ status, json: { data: value } });
const asked = (): string[] =>
  server.seen.map(({ method, url, body }) => `${method} ${url} ${body.toString()}`.trimEnd());

describe('calls', () => {
  it('are placed, read and changed at the paths of the API, with the key', async () => {
    const client = await connect(data(call));
    expect(await client.place('lin_desk', { to: 'echo', record: true })).toEqual(call);
    await client.get(name);
    await client.accept(name);
    await client.reject(name);
    await client.end(name);
    await client.mute(name, true);
    await client.clear(name);
    expect(asked()).toEqual([
      `POST ${LINE}/calls {"to":"echo","record":true}`,
      `GET ${CALL}`,
      `POST ${CALL}/accept {}`,
      `POST ${CALL}/reject {}`,
      `POST ${CALL}/end {}`,
      `POST ${CALL}/mute {"muted":true}`,
      `POST ${CALL}/audio/clear {}`,
    ]);
    expect(server.seen[0]?.headers.authorization).toBe('Bearer k');
  });

  it('are listed by pages', async () => {
    const client = await connect(data([call]));
    expect(await client.list('lin_desk', { limit: 5, before: at })).toEqual([call]);
    await client.list('lin_desk');
    const before = encodeURIComponent(at);
    expect(asked()).toEqual([`GET ${LINE}/calls?limit=5&before=${before}`, `GET ${LINE}/calls`]);
  });

  it('are placed once, as a lost answer does not say that there is none; reading is tried again', async () => {
    const client = await connect(() => ({ status: 200, hangUp: true }));
    await expect(client.place('lin_desk', { to: 'echo' })).rejects.toThrow(EarshotConnectionError);
    expect(server.seen).toHaveLength(1);
    await expect(client.play(name, 'ast_1')).rejects.toThrow(EarshotConnectionError);
    expect(server.seen).toHaveLength(2);
    await expect(client.get(name)).rejects.toThrow(EarshotConnectionError);
    expect(server.seen).toHaveLength(7);
  });

  it('are refused with code and message', async () => {
    const json = { error: { code: 'call_not_active', message: 'The call is not active.' } };
    const client = await connect(() => ({ status: 409, json }));
    const ending = client.end(name);
    await expect(ending).rejects.toThrow(EarshotApiError);
    await expect(ending).rejects.toMatchObject({ status: 409, code: 'call_not_active' });
  });

  it('play assets', async () => {
    const play = { callId: 'call_a', assetId: 'ast_1', playId: 'p' };
    const client = await connect(data(play));
    expect(await client.play(name, 'ast_1')).toEqual(play);
    expect(asked()).toEqual([`POST ${CALL}/audio/play {"assetId":"ast_1"}`]);
  });

  it('lie on lines', async () => {
    const line = {
      sessionId: 'lin_desk',
      name: 'Desk',
      phoneNumber: null,
      carrier: 'loopback',
      state: 'connected',
      createdAt: at,
    };
    const client = await connect(data([line]));
    expect(await client.lines()).toEqual([line]);
    expect(asked()).toEqual(['GET /api/v1/sessions']);
  });
});

describe('assets', () => {
  it('are uploaded as a form with the file’s name and type, again when the server was busy', async () => {
    let tries = 0;
    const client = await connect(() => {
      tries += 1;
      return tries === 1 ? { status: 503 } : { status: 201, json: { data: asset } };
    });
    const file = new Blob(['mp3']);
    expect(await client.uploadAsset(file, { filename: 'a.mp3', contentType: 'audio/mpeg' })).toEqual(asset);
    const form = server.seen[1];
    expect(form?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(form?.body.toString()).toMatch(
      /name="audio"; filename="a.mp3"\r\nContent-Type: audio\/mpeg\r\n\r\nmp3\r\n/,
    );
  });

  it('are listed and deleted', async () => {
    const client = await connect(({ method }) =>
      method === 'GET' ? { status: 200, json: { data: [asset] } } : { status: 204 },
    );
    expect(await client.listAssets()).toEqual([asset]);
    await client.deleteAsset('ast_1');
    expect(asked()).toEqual(['GET /api/v1/call-audio-assets', 'DELETE /api/v1/call-audio-assets/ast_1']);
  });
});

describe('recordings', () => {
  it('are listed and deleted', async () => {
    const client = await connect(({ method }) =>
      method === 'GET' ? { status: 200, json: { data: [recording] } } : { status: 204 },
    );
    const found = await client.recordings(name);
    expect(found).toEqual([recording]);
    await client.deleteRecordings(recording);
    const path = `${LINE}/calls/call_a/recordings`;
    expect(asked()).toEqual([`GET ${CALL}/recordings`, `DELETE ${path}/rec_1_mixed`]);
  });

  it('are downloaded on from where a connection broke', async () => {
    const content = Buffer.from('0123456789');
    const ranges: unknown[] = [];
    const broken = createServer(({ headers }, response) => {
      ranges.push(headers.range);
      const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': content.length - from });
      const end = Math.min(from + 4, content.length);
      response.write(content.subarray(from, end), () =>
        setTimeout(() => (end < content.length ? response.socket?.destroy() : response.end()), 20),
      );
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    server = await startLocalServer({});
    const { port } = broken.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    const client = createCallsClient({ baseUrl, apiKey: 'k', retry: { baseDelayMs: 1, attempts: 3 } });
    const parts: Uint8Array[] = [];
    for await (const part of client.download(recording)) parts.push(part);
    expect(Buffer.concat(parts)).toEqual(content);
    expect(ranges).toEqual([undefined, 'bytes=4-', 'bytes=8-']);
    broken.closeAllConnections();
    await new Promise((resolve) => broken.close(resolve));
  });

  it('that are gone are refused at once', async () => {
    const json = { error: { code: 'recording_not_found', message: 'There is no such recording.' } };
    const client = await connect(() => ({ status: 404, json }));
    await expect(client.download(recording).next()).rejects.toMatchObject({ code: 'recording_not_found' });
    expect(server.seen).toHaveLength(1);
  });

  it('that a token opens are asked for with a new one after a 401', async () => {
    server = await startLocalServer({
      answer: ({ headers }) =>
        headers.authorization === 'Bearer new' ? { status: 200, text: '0123456789' } : { status: 401 },
    });
    const getToken = (refresh: boolean) => (refresh ? 'new' : 'old');
    const client = createCallsClient({ baseUrl: server.url, getToken });
    const part = await client.download(recording).next();
    expect(Buffer.from(part.value ?? []).toString()).toBe('0123456789');
    expect(server.seen).toHaveLength(2);
  });
});
