import { randomBytes } from 'node:crypto';
import { LIMITS, TokenResponse } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { createMemoryKeyStore } from '../../testing/memory-key-store.ts';
import { createKeyring } from '../key/keyring.ts';
import { deriveSecret } from './secret.ts';
import { createTokenService } from './token-service.ts';

async function setup() {
  const secret = randomBytes(32);
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const clock = () => time.now;
  const store = createMemoryKeyStore();
  const keyring = createKeyring({ store, clock });
  const tokens = createTokenService({ secret, keyring, clock });
  const { key, record } = await keyring.create({ tenant: 'clinic', name: 'ward', mode: 'test' });
  const login = () => tokens.login({ client_id: record.keyId, client_secret: key });
  return { secret, time, clock, store, keyring, tokens, key, record, login };
}

/** The token with the last character of one part changed. */
function tamper(token: string, part: 0 | 1 | 2): string {
  const parts = token.split('.');
  const old = parts[part]!;
  parts[part] = `${old.slice(0, 5)}${old[5] === 'A' ? 'B' : 'A'}${old.slice(6)}`;
  return parts.join('.');
}

describe('login', () => {
  it('gives tokens that speak for the tenant of the key', async () => {
    const { login, tokens, record } = await setup();
    const answer = TokenResponse.parse(await login());
    expect(answer.expires_in).toBe(1800);
    expect(answer.refresh_expires_in).toBe(2_592_000);
    expect(await tokens.verify(answer.access_token)).toEqual({
      tenant: 'clinic',
      keyId: record.keyId,
      subject: record.keyId,
      line: null,
      test: true,
    });
  });

  it('is refused with a wrong id, a wrong secret, or a revoked key', async () => {
    const { tokens, key, record, login, keyring } = await setup();
    const code = 'invalid_api_key';
    await expect(tokens.login({ client_id: 'key_other', client_secret: key })).rejects.toMatchObject({
      code,
    });
    await expect(tokens.login({ client_id: record.keyId, client_secret: `${key}x` })).rejects.toMatchObject({
      code,
    });
    await keyring.revoke(record.keyId);
    await expect(login()).rejects.toMatchObject({ code });
  });

  it('puts neither the key nor its hash into a token', async () => {
    const { login, key, store } = await setup();
    const { access_token, refresh_token } = await login();
    const [hash = ''] = store.records.keys();
    for (const token of [access_token, refresh_token]) {
      const text = JSON.stringify(decodeJwt(token));
      expect(text).not.toContain(key);
      expect(text).not.toContain(hash);
      expect(text).not.toContain(Buffer.from(hash, 'hex').toString('base64url'));
    }
  });
});

describe('an access token', () => {
  it('expires', async () => {
    const { login, tokens, time } = await setup();
    const { access_token } = await login();
    time.now += LIMITS.accessTokenSeconds * 1000 - 1000;
    await expect(tokens.verify(access_token)).resolves.toBeDefined();
    time.now += 1000;
    await expect(tokens.verify(access_token)).rejects.toMatchObject({ code: 'token_expired' });
  });

  it('dies with its key', async () => {
    const { login, tokens, keyring, record } = await setup();
    const { access_token, refresh_token } = await login();
    await keyring.revoke(record.keyId);
    await expect(tokens.verify(access_token)).rejects.toMatchObject({ code: 'invalid_api_key' });
    await expect(tokens.refresh({ refresh_token })).rejects.toMatchObject({ code: 'invalid_api_key' });
  });

  it('is refused with any part changed, signed by another server, or not signed', async () => {
    const { login, tokens } = await setup();
    const { access_token } = await login();
    const foreign = (await (await setup()).login()).access_token;
    const unsigned = new UnsecuredJWT(decodeJwt(access_token)).encode();
    for (const token of [
      ...([0, 1, 2] as const).map((part) => tamper(access_token, part)),
      foreign,
      unsigned,
    ]) {
      await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'authentication_failed' });
    }
  });

  it('is not a refresh token, nor the other way round', async () => {
    const { login, tokens } = await setup();
    const { access_token, refresh_token } = await login();
    const code = 'authentication_failed';
    await expect(tokens.verify(refresh_token)).rejects.toMatchObject({ code });
    await expect(tokens.refresh({ refresh_token: access_token })).rejects.toMatchObject({ code });
  });

  it('is refused when its claims are not those of its key, even if we signed them', async () => {
    const { login, tokens, secret, clock } = await setup();
    const { ref, sub } = decodeJwt((await login()).access_token);
    const forge = (claims: Record<string, unknown>) =>
      new SignJWT({ use: 'access', tenant: 'clinic', ref, ...claims })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('earshot')
        .setSubject(sub ?? '')
        .setExpirationTime(Math.floor(clock() / 1000) + 60)
        .sign(deriveSecret(secret, 'token signature'));
    await expect(tokens.verify(await forge({}))).resolves.toMatchObject({ tenant: 'clinic' });
    for (const claims of [{ tenant: 'other' }, { ref: 'x' }, { ref: undefined }, { use: 'other' }]) {
      const token = await forge(claims);
      await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'authentication_failed' });
    }
  });
});

describe('refresh', () => {
  it('gives new tokens until the refresh token expires', async () => {
    const { login, tokens, time } = await setup();
    const { refresh_token } = await login();
    time.now += LIMITS.refreshTokenSeconds * 1000 - 1000;
    const renewed = await tokens.refresh({ refresh_token, access_token: 'ignored' });
    await expect(tokens.verify(renewed.access_token)).resolves.toMatchObject({ tenant: 'clinic' });
    time.now += 1000;
    await expect(tokens.refresh({ refresh_token })).rejects.toMatchObject({ code: 'token_expired' });
  });
});

describe('the server secret', () => {
  it('has 32 bytes or more, and gives each purpose a key of its own', () => {
    const secret = randomBytes(32);
    expect(() => deriveSecret(randomBytes(31), 'a')).toThrow(RangeError);
    expect(deriveSecret(secret, 'a')).not.toEqual(deriveSecret(secret, 'b'));
    expect(deriveSecret(secret, 'a')).toEqual(deriveSecret(secret, 'a'));
  });
});
