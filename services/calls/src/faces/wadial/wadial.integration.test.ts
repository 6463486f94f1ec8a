import { temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from '../testing/face-bench.ts';
import { jidOf, peerOf } from './call-view.ts';

let bench: FaceBench;
beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
});
afterAll(() => bench.stop());

const CALLS = '/api/v1/sessions/lin_desk/calls';
const bearer = () => ({ authorization: `Bearer ${bench.tenant}` });
const post = (path: string, body?: unknown) => bench.ask(path, { method: 'POST', headers: bearer(), body });
const ring = (peer = '+15550100') => bench.calls.incoming(bench.desk.record, peer);

describe('sessions', () => {
  it('are the lines of the tenant, or the one line of a key', async () => {
    const list = async (key: string) =>
      (await bench.ask('/api/v1/sessions', { key })).texts('data', 'sessionId');
    expect(await list(bench.tenant)).toEqual(['lin_desk', 'lin_lab']);
    expect(await list(bench.lab.key)).toEqual(['lin_lab']);
    const one = await bench.ask('/api/v1/sessions/lin_desk', { headers: bearer() });
    expect(one.json()).toEqual({
      data: {
        sessionId: 'lin_desk',
        name: 'the line lin_desk',
        phoneNumber: '+4930123456',
        carrier: 'loopback',
        state: 'connected',
        createdAt: '2026-01-01T00:00:00.000Z',
      },
    });
  });

  it('of another line are not there for the key of one line', async () => {
    const answer = await bench.ask('/api/v1/sessions/lin_lab/calls', { key: bench.desk.key });
    expect([answer.status, answer.code()]).toEqual([404, 'line_not_found']);
    expect((await bench.ask('/api/v1/sessions/lin_desk/calls', { key: bench.desk.key })).status).toBe(200);
  });
});

describe('a call', () => {
  it('is started at a phone JID, and shown as WADial shows it', async () => {
    const answer = await post(CALLS, { to: '5511987654321@s.whatsapp.net' });
    expect(answer.status).toBe(201);
    const { data } = answer.json();
    expect(data).toEqual({
      callId: expect.stringMatching(/^call_/),
      sessionId: 'lin_desk',
      peerJid: '5511987654321@s.whatsapp.net',
      peer: '+5511987654321',
      direction: 'outgoing',
      mediaType: 'audio',
      state: 'ringing',
      transport: 'websocket',
      audioMuted: false,
      transcriptionSessionId: null,
      endReason: null,
      createdAt: expect.any(String),
      connectedAt: null,
      endedAt: null,
      updatedAt: expect.any(String),
    });
    expect(bench.calls.placed.at(-1)).toEqual({ to: '+5511987654321', callbackData: null });
    expect((await bench.ask(`${CALLS}/${data.callId}`, { headers: bearer() })).json()).toEqual({ data });
  });

  it('is accepted, muted, unmuted and ended', async () => {
    const { callId } = ring();
    const act = (name: string, body?: unknown) => post(`${CALLS}/${callId}/${name}`, body);
    expect((await act('accept')).json().data).toMatchObject({
      callId,
      direction: 'incoming',
      state: 'active',
    });
    expect((await act('mute', { muted: true })).json().data).toMatchObject({ audioMuted: true });
    expect((await act('mute', { muted: false })).json().data).toMatchObject({ audioMuted: false });
    expect((await act('end')).json().data).toMatchObject({ state: 'ended', endReason: 'hangup' });
    const late = await post(`${CALLS}/${callId}/end`);
    expect([late.status, late.code()]).toEqual([409, 'call_not_active']);
  });

  it('is rejected', async () => {
    const { callId } = ring();
    const { data } = (await post(`${CALLS}/${callId}/reject`)).json();
    expect(data).toMatchObject({ state: 'ended', endReason: 'rejected' });
  });

  it('is found only under its own line', async () => {
    const { callId } = ring();
    const answer = await bench.ask(`/api/v1/sessions/lin_lab/calls/${callId}`, { headers: bearer() });
    expect([answer.status, answer.code()]).toEqual([404, 'call_not_found']);
  });

  it('is listed newest first', async () => {
    const made = [ring().callId, ring().callId];
    const page = await bench.ask(`${CALLS}?limit=2`, { headers: bearer() });
    expect(page.texts('data', 'callId')).toEqual(made.toReversed());
    const [before] = page.texts('data', 'createdAt');
    const older = await bench.ask(`${CALLS}?limit=1&before=${before}`, { headers: bearer() });
    expect(older.texts('data', 'callId')).toEqual([made[0]]);
  });

  it('has its queued audio cleared while it is active', async () => {
    const { callId } = ring();
    expect((await post(`${CALLS}/${callId}/audio/clear`)).status).toBe(409);
    bench.calls.change(callId, { state: 'active' });
    expect((await post(`${CALLS}/${callId}/audio/clear`)).json().data.callId).toBe(callId);
    expect(bench.calls.cleared).toEqual([callId]);
  });

  it.each([
    ['mute', {}],
    ['mute', { muted: 'yes' }],
    ['audio/play', { mediaUrl: 'http://127.0.0.1/a.wav' }],
    ['audio/play', { assetId: 'ast_x', mediaUrl: 'http://127.0.0.1/a.wav' }],
  ])('refuses %s with %p', async (name, body) => {
    const { callId } = ring();
    const answer = await post(`${CALLS}/${callId}/${name}`, body);
    expect(answer.status).toBe(400);
    expect(bench.calls.change(callId, {}).muted).toBe(false);
  });
});

describe('names of peers', () => {
  it.each([
    ['5511987654321@s.whatsapp.net', '+5511987654321'],
    ['5511987654321:12@s.whatsapp.net', '+5511987654321'],
    ['+5511987654321@c.us', '+5511987654321'],
    ['5511987654321', '+5511987654321'],
    ['+5511987654321', '+5511987654321'],
    ['loop:echo?ring=1s', 'loop:echo?ring=1s'],
    ['1234567890@lid', '1234567890@lid'],
  ])('%s means %s', (to, peer) => {
    expect(peerOf(to)).toBe(peer);
  });

  it('are JIDs where they are numbers, and stay what they are where not', () => {
    expect([jidOf('+5511987654321'), jidOf('loop:echo')]).toEqual([
      '5511987654321@s.whatsapp.net',
      'loop:echo',
    ]);
  });
});
