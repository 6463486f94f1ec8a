import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { createMemoryKeyStore } from '../testing/memory-key-store.ts';
import { createAuthenticator } from './authenticator.ts';
import { createKeyring } from './key/keyring.ts';
import { createOidcVerifier } from './token/oidc.ts';
import { createTokenService } from './token/token-service.ts';

const AUDIENCE = 'earshot-api';

describe('an OpenID Connect issuer', () => {
  let server: Server;
  let issuer: string;
  let privateKey: CryptoKey;
  let strangerKey: CryptoKey;
  let publicJwk: Record<string, unknown>;
  let keyRequests = 0;

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256');
    privateKey = pair.privateKey;
    publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    strangerKey = (await generateKeyPair('ES256')).privateKey;
    server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/.well-known/openid-configuration') {
        response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
      } else if (request.url === '/keys') {
        keyRequests += 1;
        response.end(JSON.stringify({ keys: [publicJwk] }));
      } else response.writeHead(404).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    issuer = `http://127.0.0.1:${port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const token = (claims: Record<string, unknown> = {}, key = privateKey): Promise<string> =>
    new SignJWT({ iss: issuer, aud: AUDIENCE, sub: 'user-1', tenant: 'clinic', exp: seconds(60), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(key);
  const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

  it('vouches for a tenant, its keys being found through discovery and fetched once', async () => {
    const verifier = createOidcVerifier({ issuer, audience: AUDIENCE });
    keyRequests = 0;
    const principal = { tenant: 'clinic', keyId: null, subject: 'user-1', line: null, test: false };
    expect(await verifier.verify(await token())).toEqual(principal);
    expect(await verifier.verify(await token())).toEqual(principal);
    expect(keyRequests).toBe(1);
  });

  it.each([
    ['expired', { exp: -60 }, 'token_expired'],
    ['not valid yet', { nbf: 300, exp: 600 }, 'authentication_failed'],
  ])('has a token refused that is %s', async (_name, times, code) => {
    const claims = Object.fromEntries(Object.entries(times).map(([name, offset]) => [name, seconds(offset)]));
    const verifier = createOidcVerifier({ issuer, audience: AUDIENCE });
    await expect(verifier.verify(await token(claims))).rejects.toMatchObject({ code });
  });

  it('has small differences of clocks forgiven', async () => {
    const verifier = createOidcVerifier({ issuer, audience: AUDIENCE });
    await expect(verifier.verify(await token({ exp: seconds(-20) }))).resolves.toBeDefined();
  });

  it.each([
    ['of another audience', { aud: 'other-api' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
  ])('has a token refused %s', async (_name, claims) => {
    const verifier = createOidcVerifier({ issuer, audience: AUDIENCE });
    await expect(verifier.verify(await token(claims))).rejects.toMatchObject({
      code: 'authentication_failed',
    });
  });

  it('has a token refused that somebody else signed, nobody signed, or a shared secret signed', async () => {
    const verifier = createOidcVerifier({ issuer, audience: AUDIENCE });
    const claims = { iss: issuer, aud: AUDIENCE, sub: 'user-1', tenant: 'clinic', exp: seconds(60) };
    const unsigned = new UnsecuredJWT(claims).encode();
    const publicKeyAsSecret = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(Buffer.from(JSON.stringify(publicJwk)));
    for (const forged of [await token({}, strangerKey), unsigned, publicKeyAsSecret]) {
      await expect(verifier.verify(forged)).rejects.toMatchObject({ code: 'authentication_failed' });
    }
  });

  it('may be held to fewer algorithms', async () => {
    const verifier = createOidcVerifier({ issuer, audience: AUDIENCE, algorithms: ['RS256'] });
    await expect(verifier.verify(await token())).rejects.toMatchObject({ code: 'authentication_failed' });
  });

  it('names the tenant by the configured claim, or all of its subjects belong to one', async () => {
    const byClaim = createOidcVerifier({ issuer, audience: [AUDIENCE], tenantClaim: 'org' });
    expect(await byClaim.verify(await token({ org: 'ward-2' }))).toMatchObject({ tenant: 'ward-2' });
    await expect(byClaim.verify(await token())).rejects.toMatchObject({ code: 'forbidden' });
    await expect(byClaim.verify(await token({ org: '../x' }))).rejects.toMatchObject({ code: 'forbidden' });
    const fixed = createOidcVerifier({ issuer, audience: AUDIENCE, tenantClaim: 'org', tenant: 'house' });
    expect(await fixed.verify(await token())).toMatchObject({ tenant: 'house' });
  });

  it('that is away makes tokens uncheckable, not wrong, until it is back', async () => {
    const away = createOidcVerifier({ issuer, audience: AUDIENCE, jwksUrl: 'http://127.0.0.1:1/keys' });
    await expect(away.verify(await token())).rejects.toMatchObject({ code: 'service_unavailable' });
    const broken = createOidcVerifier({ issuer, audience: AUDIENCE, jwksUrl: `${issuer}/missing` });
    await expect(broken.verify(await token())).rejects.toMatchObject({ code: 'service_unavailable' });
    const wrongName = createOidcVerifier({ issuer: `${issuer}/`, audience: AUDIENCE });
    await expect(wrongName.verify(await token())).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('stands beside API keys and tokens of login in one authenticator', async () => {
    const keyring = createKeyring({ store: createMemoryKeyStore() });
    const tokens = createTokenService({ secret: new Uint8Array(32), keyring });
    const { key, record } = await keyring.create({ tenant: 'house', name: 'a' });
    const login = await tokens.login({ client_id: record.keyId, client_secret: key });
    const oidc = createOidcVerifier({ issuer, audience: AUDIENCE });
    const authenticator = createAuthenticator({ keyring, tokens, oidc });
    const bearer = (credential: string) =>
      authenticator.authenticate({ authorization: `Bearer ${credential}` });
    expect(await bearer(key)).toMatchObject({ tenant: 'house', keyId: record.keyId });
    expect(await bearer(login.access_token)).toMatchObject({ tenant: 'house', keyId: record.keyId });
    expect(await bearer(await token())).toMatchObject({ tenant: 'clinic', keyId: null });
    await expect(bearer(await token({ iss: 'earshot' }))).rejects.toMatchObject({
      code: 'authentication_failed',
    });
    await expect(bearer(await token({ iss: 'https://evil.example' }))).rejects.toMatchObject({
      code: 'authentication_failed',
    });
    await expect(bearer('sk_live_wrong-wrong-wrong')).rejects.toMatchObject({
      code: 'invalid_api_key',
      message: 'Invalid API key',
    });
    await expect(
      createAuthenticator({ keyring }).authenticate({ authorization: `Bearer ${await token()}` }),
    ).rejects.toMatchObject({ code: 'authentication_failed' });
    expect(authenticator.recognises({ 'x-api-key': key })).toBe(true);
    expect(authenticator.recognises({ 'x-api-key': 'sk_live_wrong-wrong-wrong' })).toBe(false);
    expect(authenticator.recognises({})).toBe(false);
  });
});
