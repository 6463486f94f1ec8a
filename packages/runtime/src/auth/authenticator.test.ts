import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { createMemoryKeyStore } from '../testing/memory-key-store.ts';
import { createAuthenticator } from './authenticator.ts';
import type { RequestHeaders } from './caller/credentials.ts';
import { createKeyring } from './key/keyring.ts';
import { createTokenService } from './token/token-service.ts';

async function setup() {
  const store = createMemoryKeyStore();
  let listings = 0;
  const counted = {
    ...store,
    listKeys: () => {
      listings += 1;
      return store.listKeys();
    },
  };
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const clock = () => time.now;
  const keyring = createKeyring({ store: counted, clock });
  const tokens = createTokenService({ secret: new Uint8Array(32), keyring, clock });
  const authenticator = createAuthenticator({ keyring, tokens });
  const authenticate = (headers: RequestHeaders) => authenticator.authenticate(headers);
  const elsewhere = createKeyring({ store, clock });
  const tenant = await elsewhere.create({ tenant: 'clinic', name: 'whole' });
  const line = await elsewhere.create({ tenant: 'clinic', name: 'desk', lineId: 'lin_desk', mode: 'test' });
  const other = await elsewhere.create({ tenant: 'clinic', name: 'lab', lineId: 'lin_lab' });
  const foreign = await elsewhere.create({ tenant: 'rival', name: 'desk', lineId: 'lin_desk' });
  const asks = (key: string, keyId: string) => authenticate({ 'x-api-key': key, 'x-api-key-id': keyId });
  const keys = { tenant, line, other, foreign };
  return { ...keys, authenticate, asks, elsewhere, tokens, time, store, listings: () => listings };
}

describe('x-api-key-id', () => {
  it('beside a key of the whole tenant acts as the key of a line, and as nothing more', async () => {
    const { asks, tenant, line } = await setup();
    const { keyId } = line.record;
    expect(await asks(tenant.key, keyId)).toEqual({
      tenant: 'clinic',
      keyId,
      subject: keyId,
      line: 'lin_desk',
      test: true,
    });
  });

  it('works beside an access token too', async () => {
    const { authenticate, tokens, tenant, line } = await setup();
    const login = { client_id: tenant.record.keyId, client_secret: tenant.key };
    const { access_token: token } = await tokens.login(login);
    const headers = { authorization: `Bearer ${token}`, 'x-api-key-id': line.record.keyId };
    expect((await authenticate(headers)).line).toBe('lin_desk');
  });

  it('alone is refused, and told what is missing', async () => {
    const { authenticate, line } = await setup();
    await expect(authenticate({ 'x-api-key-id': line.record.keyId })).rejects.toMatchObject({
      code: 'authentication_failed',
      message: expect.stringContaining('needs an API key of the whole tenant beside it'),
    });
  });

  it('of the key itself changes nothing', async () => {
    const { asks, tenant, line } = await setup();
    expect((await asks(tenant.key, tenant.record.keyId)).line).toBeNull();
    expect((await asks(line.key, line.record.keyId)).line).toBe('lin_desk');
  });

  it('leads from one line to no other', async () => {
    const { asks, line, other, tenant } = await setup();
    const refusal = { code: 'number_scope_not_allowed' };
    await expect(asks(line.key, other.record.keyId)).rejects.toMatchObject(refusal);
    await expect(asks(line.key, tenant.record.keyId)).rejects.toMatchObject(refusal);
  });

  it('of another tenant is as unknown as one that nobody has, or one of a whole tenant', async () => {
    const { asks, tenant, foreign, elsewhere } = await setup();
    const second = await elsewhere.create({ tenant: 'clinic', name: 'second' });
    const outcomes = [];
    for (const keyId of [foreign.record.keyId, 'key_nobody', second.record.keyId, '../x']) {
      outcomes.push(await asks(tenant.key, keyId).catch((error: unknown) => error));
    }
    const [first, ...rest] = outcomes;
    expect(first).toMatchObject({ code: 'invalid_api_key' });
    for (const outcome of rest) expect(outcome).toEqual(first);
  });

  it('stops working with the key it names, within the limit', async () => {
    const { asks, tenant, line, elsewhere, time } = await setup();
    await asks(tenant.key, line.record.keyId);
    await elsewhere.revoke(line.record.keyId);
    time.now += LIMITS.keyCacheMs;
    await expect(asks(tenant.key, line.record.keyId)).rejects.toMatchObject({ code: 'invalid_api_key' });
  });

  it('lists the keys once for any number of unknown ids, and finds a key made elsewhere later', async () => {
    const { asks, tenant, elsewhere, time, listings } = await setup();
    for (let i = 0; i < 20; i++) await asks(tenant.key, `key_${i}`).catch(() => undefined);
    expect(listings()).toBe(1);
    const late = await elsewhere.create({ tenant: 'clinic', name: 'late', lineId: 'lin_late' });
    time.now += LIMITS.keyCacheMs;
    expect((await asks(tenant.key, late.record.keyId)).line).toBe('lin_late');
    await asks(tenant.key, late.record.keyId);
    expect(listings()).toBe(2);
  });

  it('is a failure of ours, not of the caller, while keys cannot be listed', async () => {
    const { authenticate, tenant, line, store } = await setup();
    await authenticate({ 'x-api-key': tenant.key });
    store.listKeys = () => Promise.reject(new Error('away'));
    const headers = { 'x-api-key': tenant.key, 'x-api-key-id': line.record.keyId };
    await expect(authenticate(headers)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
