import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createSession } from '../rig/calls.ts';
import { callsTo, type Rig, startRig } from '../rig/earshot.ts';

let rig: Rig;
let issuer: string;
let server: Server;
let signing: CryptoKey;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  signing = privateKey;
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  server = createServer((request, response) => {
    const found = request.url === '/keys' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  rig = await startRig({
    worker: false,
    env: {
      EARSHOT_OIDC_ISSUER: issuer,
      EARSHOT_OIDC_AUDIENCE: 'earshot',
      EARSHOT_OIDC_AUTHORIZATION_ENDPOINT: `${issuer}/authorize`,
      EARSHOT_OIDC_TOKEN_ENDPOINT: `${issuer}/token`,
    },
  });
}, 60_000);
afterAll(async () => {
  await rig.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const tokenFor = (tenant: string, expires = '5m'): Promise<string> =>
  new SignJWT({ tenant })
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setIssuer(issuer)
    .setAudience('earshot')
    .setSubject('nurse-7')
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(signing);

describe('a token of an outside OpenID Connect issuer', () => {
  it('opens the API for the tenant that it names, and for no other', async () => {
    const clinic = { ...rig, call: callsTo(rig.origin, await tokenFor('clinic-a')) };
    const { session_id: id } = await createSession(clinic, { upload_type: 'chunked' });
    expect((await clinic.call(`/sessions/${id}`)).status).toBe(202);
    const others = [callsTo(rig.origin, await tokenFor('clinic-b')), callsTo(rig.origin, rig.key)];
    for (const call of others) expect((await call(`/sessions/${id}`)).status).toBe(404);
  });

  it('is refused when it has expired', async () => {
    const answer = await callsTo(rig.origin, await tokenFor('clinic-a', '-1h'))('/sessions');
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'token_expired' } }]);
  });

  it('is advertised by discovery', async () => {
    const document = (await (await fetch(`${rig.origin}/.well-known/medscribealliance`)).json()) as {
      authentication: unknown;
    };
    expect(document.authentication).toMatchObject({
      supported_methods: ['api_key', 'oidc'],
      oidc: { issuer, token_endpoint: `${issuer}/token` },
    });
  });
});
