import { temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from '../testing/face-bench.ts';

let bench: FaceBench;
beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
});
afterAll(() => bench.stop());

describe('a line', () => {
  it('is made with habits and a key that works for it at once, and is shown without the key', async () => {
    const answer = await bench.post('/v1/lines', bench.tenant, { name: 'Reception', number: '+4930123' });
    expect(answer.status).toBe(201);
    const { key, keyId, ...line } = answer.json();
    expect(line).toEqual({
      lineId: expect.stringMatching(/^lin_/),
      name: 'Reception',
      number: '+4930123',
      carrier: 'loopback',
      record: true,
      transcribe: false,
      autoAnswer: false,
      model: 'lite',
      language: null,
      createdAt: expect.any(String),
    });
    expect(keyId).toMatch(/^key_/);
    expect((await bench.ask('/v1/calls', { key })).json()).toEqual({ calls: [] });
    const shown = await bench.ask(`/v1/lines/${line.lineId}`, { key: bench.tenant });
    expect(shown.json()).toEqual(line);
    const list = await bench.ask('/v1/lines', { key: bench.tenant });
    expect(list.texts('lines', 'lineId')).toEqual(['lin_desk', 'lin_lab', line.lineId]);
    expect(list.text).not.toContain(key);
  });

  it('is refused under an id that is taken, on a carrier that is not there, and with unknown fields', async () => {
    const make = async (body: unknown) => {
      const answer = await bench.post('/v1/lines', bench.tenant, body);
      return [answer.status, answer.code()];
    };
    expect(await make({ name: 'x', lineId: 'lin_desk' })).toEqual([409, 'line_conflict']);
    expect(await make({ name: 'x', carrier: 'pigeon' })).toEqual([400, 'invalid_request']);
    expect(await make({ name: 'x', tenant: 'rival' })).toEqual([400, 'invalid_request']);
    expect(await make({ name: 'x', lineId: 'lin_../../x' })).toEqual([400, 'invalid_request']);
    expect(await make({ name: 'x', number: '030 123' })).toEqual([400, 'invalid_request']);
  });

  it('does not make one of the other tenant taken', async () => {
    const answer = await bench.post('/v1/lines', bench.tenant, { name: 'x', lineId: 'lin_rival' });
    expect(answer.status).toBe(201);
    expect((await bench.archive.readLine('rival', 'lin_rival'))?.name).toBe('the line lin_rival');
  });

  it('is refused where a stream could not tell it from a line of the other tenant', async () => {
    const rival = { ...bench.foreign.record, lineId: 'lin_front', carrier: 'twilio' };
    await bench.archive.createLine(rival);
    const make = (carrier: string) =>
      bench.post('/v1/lines', bench.tenant, { name: 'x', lineId: 'lin_front', carrier });
    const refused = await make('twilio');
    expect([refused.status, refused.code()]).toEqual([409, 'line_conflict']);
    expect((await make('loopback')).status).toBe(201);
    await bench.archive.removeLine('clinic', 'lin_front');
  });

  it('has one key: a new one ends the one before', async () => {
    const made = (await bench.post('/v1/lines', bench.tenant, { name: 'Ward' })).json();
    const renewed = await bench.post(`/v1/lines/${made.lineId}/key`, bench.tenant);
    expect(renewed.status).toBe(201);
    const { key, keyId } = renewed.json();
    expect(keyId).not.toBe(made.keyId);
    expect((await bench.ask('/v1/calls', { key: made.key })).status).toBe(401);
    expect((await bench.ask('/v1/calls', { key })).status).toBe(200);
    const inForce = (await bench.keyring.list()).filter(
      ({ lineId, revokedAt }) => lineId === made.lineId && revokedAt === null,
    );
    expect(inForce.map((record) => record.keyId)).toEqual([keyId]);
  });

  it('goes with its key, but not while it has calls', async () => {
    const made = await bench.post('/v1/lines', bench.tenant, { name: 'Soon gone' });
    const [lineId, key] = [made.field('lineId'), made.field('key')];
    const id = (await bench.post('/v1/calls', key, { to: '+4930999' })).field('id');
    const remove = () => bench.ask(`/v1/lines/${lineId}`, { method: 'DELETE', key: bench.tenant });
    const refused = await remove();
    expect([refused.status, refused.json().code]).toEqual([409, 'LINE_CONFLICT']);
    await bench.post(`/v1/calls/${id}/terminate`, key);
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
    expect((await bench.ask('/v1/calls', { key })).status).toBe(401);
    expect((await bench.ask(`/v1/lines/${lineId}`, { key: bench.tenant })).json().code).toBe(
      'LINE_NOT_FOUND',
    );
  });

  it('is looked through for open calls beyond one page', async () => {
    const made = await bench.post('/v1/lines', bench.tenant, { name: 'Busy' });
    const [lineId, key] = [made.field('lineId'), made.field('key')];
    const line = await bench.archive.readLine('clinic', lineId);
    for (let i = 0; i < 102; i++) {
      const { callId } = bench.calls.incoming(line!, '+15550100');
      const now = new Date(Date.now() + i).toISOString();
      bench.calls.change(callId, { createdAt: now, ...(i === 0 ? {} : { state: 'ended' }) });
    }
    const answer = await bench.ask(`/v1/lines/${lineId}`, { method: 'DELETE', key: bench.tenant });
    expect(answer.status).toBe(409);
    expect((await bench.ask('/v1/calls?limit=1', { key })).status).toBe(200);
  });
});

describe('the keys of numbers', () => {
  it('are listed by id and last characters, never in full', async () => {
    const answer = await bench.ask('/v1/api-keys', { key: bench.tenant });
    const { apiKeys } = answer.json();
    expect(apiKeys[0]).toEqual({
      numberId: 'lin_desk',
      number: '+4930123456',
      displayName: 'the line lin_desk',
      keyId: bench.desk.keyId,
      keyLast4: bench.desk.key.slice(-4),
      key: null,
      revealable: false,
    });
    expect(answer.text).not.toContain(bench.foreign.keyId);
    expect(answer.text).not.toContain(bench.desk.key);
  });

  it('lead to acting as that number', async () => {
    const { apiKeys } = (await bench.ask('/v1/api-keys', { key: bench.tenant })).json();
    const headers = { 'x-api-key-id': apiKeys[1].keyId };
    const body = { to: '+4930999' };
    const placed = await bench.ask('/v1/calls', { method: 'POST', key: bench.tenant, headers, body });
    expect(placed.status).toBe(201);
    expect((await bench.ask(`/v1/calls/${placed.json().id}`, { key: bench.lab.key })).status).toBe(200);
  });
});
