import { temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from '../testing/face-bench.ts';
import { pilotStatus } from './calls/call-view.ts';

let bench: FaceBench;
beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
});
afterAll(() => bench.stop());

const ring = (peer = '+15550100') => bench.calls.incoming(bench.desk.record, peer);

describe('placing a call', () => {
  it('answers with its id and status, and hands on what was asked', async () => {
    const answer = await bench.post('/v1/calls', bench.desk.key, {
      to: '+4930999',
      bizOpaqueCallbackData: 'order 7',
      record: false,
    });
    expect(answer.status).toBe(201);
    expect(answer.json()).toEqual({
      id: expect.stringMatching(/^call_[0-9a-z]{26}$/),
      externalCallId: expect.stringMatching(/^ext-/),
      status: 'RINGING',
    });
    expect(bench.calls.placed.at(-1)).toEqual({ to: '+4930999', callbackData: 'order 7', record: false });
  });

  it('works with a key of the tenant that names the key of a line', async () => {
    const headers = { 'x-api-key-id': bench.lab.keyId };
    const answer = await bench.ask('/v1/calls', {
      method: 'POST',
      key: bench.tenant,
      headers,
      body: { to: '+4930999' },
    });
    const { id } = answer.json();
    expect((await bench.ask(`/v1/calls/${id}`, { key: bench.lab.key })).status).toBe(200);
    expect((await bench.ask(`/v1/calls/${id}`, { key: bench.desk.key })).status).toBe(404);
  });

  it.each([
    [{ to: '+4930999', sdp: 'v=0', sdpType: 'offer' }, 'FEATURE_NOT_SUPPORTED'],
    [{ to: '' }, 'INVALID_REQUEST'],
    [{ to: 'two words' }, 'INVALID_REQUEST'],
    [{}, 'MISSING_REQUIRED_FIELD'],
    [{ to: '+4930999', bizOpaqueCallbackData: 'x'.repeat(513) }, 'INVALID_REQUEST'],
    [{ to: '+4930999', tenant: 'rival' }, 'INVALID_REQUEST'],
  ])('refuses %p', async (body, code) => {
    const answer = await bench.post('/v1/calls', bench.desk.key, body);
    expect([answer.status, answer.json()]).toEqual([400, { error: expect.any(String), code }]);
  });
});

describe('reading calls', () => {
  it('shows a call by our id and by the id of its carrier, exactly so', async () => {
    const call = ring('+15550111');
    const shown = {
      id: call.callId,
      externalCallId: call.externalCallId,
      direction: 'INBOUND',
      status: 'RINGING',
      peerNumber: '+15550111',
      durationSeconds: null,
      startedAt: call.createdAt,
      connectedAt: null,
      endedAt: null,
      createdAt: call.createdAt,
      updatedAt: call.updatedAt,
    };
    for (const id of [call.callId, call.externalCallId]) {
      expect((await bench.ask(`/v1/calls/${id}`, { key: bench.desk.key })).json()).toEqual(shown);
    }
    const withSdp = await bench.ask(`/v1/calls/${call.callId}?includeSdp=1`, { key: bench.desk.key });
    expect(withSdp.json()).toEqual({ ...shown, sdpOffer: null, sdpAnswer: null });
  });

  it('lists calls of the number alone, newest first, page by page', async () => {
    const made = Array.from({ length: 5 }, () => ring().callId).toReversed();
    bench.calls.incoming(bench.lab.record, '+15550112');
    const seen: string[] = [];
    for (let before = ''; seen.length < 5; ) {
      const path = `/v1/calls?limit=2${before === '' ? '' : `&before=${encodeURIComponent(before)}`}`;
      const page = await bench.ask(path, { key: bench.desk.key });
      seen.push(...page.texts('calls', 'id'));
      const times = page.texts('calls', 'createdAt');
      expect(times).toHaveLength(2);
      before = times[1]!;
    }
    expect(seen.slice(0, 5)).toEqual(made);
  });

  it('understands a cursor in any zone', async () => {
    const call = ring();
    const path = (text: string) => `/v1/calls?before=${encodeURIComponent(text)}`;
    const local = new Date(Date.parse(call.createdAt) + 3_600_000).toISOString().replace('Z', '+01:00');
    const [utc, zoned] = [path(call.createdAt), path(local)];
    const answers = [
      await bench.ask(utc, { key: bench.desk.key }),
      await bench.ask(zoned, { key: bench.desk.key }),
    ];
    expect(answers[1]?.text).toBe(answers[0]?.text);
    expect(answers[0]?.status).toBe(200);
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'before=yesterday', 'page=2'])('refuses %s', async (query) => {
    const answer = await bench.ask(`/v1/calls?${query}`, { key: bench.desk.key });
    expect([answer.status, answer.code()]).toEqual([400, 'invalid_request']);
  });

  it('tells unknown calls in one way', async () => {
    for (const id of ['call_00000000000000000000000000', 'wacid.HBgN', '..%2F..%2Fx', '%00']) {
      const answer = await bench.ask(`/v1/calls/${id}`, { key: bench.desk.key });
      expect([answer.status, answer.json()]).toEqual([
        404,
        { error: 'No such call.', code: 'CALL_NOT_FOUND' },
      ]);
    }
  });
});

describe('what is done with a call', () => {
  it('is accepted, played to, and ended', async () => {
    const { callId: id } = ring();
    const act = (name: string, body?: unknown) => bench.post(`/v1/calls/${id}/${name}`, bench.desk.key, body);
    expect((await act('pre-accept')).json()).toEqual({ success: true, id, status: 'RINGING' });
    expect((await act('accept')).json()).toEqual({ success: true, id, status: 'ACCEPTED' });
    expect((await act('terminate')).json()).toEqual({ success: true, id, status: 'COMPLETED' });
    const shown = (await bench.ask(`/v1/calls/${id}`, { key: bench.desk.key })).json();
    expect(shown).toMatchObject({ status: 'COMPLETED', durationSeconds: 61 });
    for (const name of ['pre-accept', 'accept', 'reject', 'terminate']) {
      const answer = await act(name);
      expect([name, answer.status, answer.json().code]).toEqual([name, 409, 'CALL_NOT_ACTIVE']);
    }
  });

  it('is rejected', async () => {
    const { callId: id } = ring();
    const answer = await bench.post(`/v1/calls/${id}/reject`, bench.desk.key);
    expect(answer.json()).toEqual({ success: true, id, status: 'REJECTED' });
  });

  it.each(['accept', 'pre-accept'])('takes no SDP with %s', async (name) => {
    const { callId } = ring();
    const body = { sdp: 'v=0', sdpType: 'answer' };
    const answer = await bench.post(`/v1/calls/${callId}/${name}`, bench.desk.key, body);
    expect([answer.status, answer.json().code]).toEqual([400, 'FEATURE_NOT_SUPPORTED']);
    expect(bench.calls.change(callId, {}).state).toBe('ringing');
  });

  it('is told where the carrier cannot', async () => {
    const { callId } = ring();
    bench.calls.missing.add('accept');
    const answer = await bench.post(`/v1/calls/${callId}/accept`, bench.desk.key);
    bench.calls.missing.clear();
    expect([answer.status, answer.json().code]).toEqual([400, 'FEATURE_NOT_SUPPORTED']);
  });

  it.each([
    ['GET', '/v1/calls/settings'],
    ['PUT', '/v1/calls/settings'],
    ['GET', '/v1/calls/permissions?to=+4930999'],
    ['POST', '/v1/calls/permissions/request'],
  ])('has no %s %s', async (method, path) => {
    const body = method === 'GET' ? {} : { body: { to: '+4930999' } };
    const answer = await bench.ask(path, { method, key: bench.desk.key, ...body });
    expect([answer.status, answer.json().code]).toEqual([400, 'FEATURE_NOT_SUPPORTED']);
  });
});

describe('a token for the audio of a call', () => {
  it('is made for an active call, its mode, and the credential of the request', async () => {
    const { callId, externalCallId } = ring();
    bench.calls.change(callId, { state: 'active' });
    const path = `/v1/calls/${externalCallId}/realtime-session`;
    const answer = await bench.post(path, bench.desk.key, { mode: 'listen' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { wsUrl: 'ws://x/y?token=t', token: 't', expiresInSeconds: 120 },
    ]);
    expect(bench.minted.at(-1)).toMatchObject({
      callId,
      mode: 'listen',
      headers: { 'x-api-key': bench.desk.key },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is refused for a call that is not active, and for a mode that there is not', async () => {
    const { callId } = ring();
    const before = bench.minted.length;
    const ask = (mode: string) =>
      bench.post(`/v1/calls/${callId}/realtime-session`, bench.desk.key, { mode });
    expect((await ask('talk')).json().code).toBe('CALL_NOT_ACTIVE');
    expect((await ask('shout')).json().code).toBe('INVALID_REQUEST');
    expect(bench.minted).toHaveLength(before);
  });
});

describe('the status of a call', () => {
  it.each([
    ['initiating', null, false, 'INITIATED'],
    ['ringing', null, false, 'RINGING'],
    ['active', null, true, 'ACCEPTED'],
    ['ended', 'hangup', true, 'COMPLETED'],
    ['ended', 'peer_gone', true, 'COMPLETED'],
    ['ended', 'node_lost', true, 'COMPLETED'],
    ['ended', 'failed', true, 'FAILED'],
    ['ended', 'hangup', false, 'COMPLETED'],
    ['ended', 'rejected', false, 'REJECTED'],
    ['ended', 'peer_rejected', false, 'REJECTED'],
    ['ended', 'busy', false, 'REJECTED'],
    ['ended', 'no_answer', false, 'MISSED'],
    ['ended', 'peer_hangup', false, 'MISSED'],
    ['ended', 'failed', false, 'FAILED'],
    ['ended', 'shutdown', false, 'FAILED'],
  ] as const)('%s, %s, answered: %p is %s', (state, reason, answered, status) => {
    const connectedAt = answered ? '2026-01-01T00:00:00.000Z' : null;
    expect(pilotStatus({ ...ring(), state, reason, connectedAt })).toBe(status);
  });
});
