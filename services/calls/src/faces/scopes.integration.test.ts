import { temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from './testing/face-bench.ts';

let bench: FaceBench;
beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
});
afterAll(() => bench.stop());

interface Route {
  readonly method: string;
  readonly url: string;
  readonly scope: string;
  readonly errors: string;
}

/** Every route of the faces, as the router has it. */
function allRoutes(): Route[] {
  return bench.routes.flatMap(({ method, url, config }) =>
    [method].flat().map((name) => ({
      method: name,
      url,
      scope: config?.scope ?? 'undeclared',
      errors: config?.errors ?? 'envelope',
    })),
  );
}

/** A path that leads to things of this line, or to things that nobody has. */
function pathOf(
  url: string,
  ids: { readonly line: string; readonly call: string; readonly asset: string },
): string {
  return url
    .replace(':sessionId', ids.line)
    .replace(':callId', ids.call)
    .replace(':assetId', ids.asset)
    .replace(':id', ids.line);
}

/** A body that fits the route, so that nothing but the caller can be wrong. */
function bodyOf({ method, url }: Route): unknown {
  if (method !== 'POST' && method !== 'PUT') return undefined;
  if (url.endsWith('/calls')) return { to: '+15550100' };
  if (url.endsWith('/play'))
    return url.startsWith('/v1/') ? { mediaUrl: 'http://127.0.0.1:1/a' } : { assetId: 'x' };
  if (url.endsWith('/mute')) return { muted: true };
  if (url.endsWith('/realtime-session')) return { mode: 'talk' };
  if (url === '/v1/lines') return { name: 'made' };
  return url.endsWith('call-audio-assets') ? new FormData() : undefined;
}

const UNKNOWN = { line: 'lin_nobody', call: `call_${'0'.repeat(26)}`, asset: `ast_${'0'.repeat(26)}` };

async function askRoute(route: Route, path: string, headers: Record<string, string>) {
  return bench.ask(path, { method: route.method, headers, body: bodyOf(route) });
}

describe('every route of the faces', () => {
  it('declares whose keys it takes', () => {
    const routes = allRoutes();
    expect(routes.length).toBeGreaterThan(40);
    expect(routes.filter(({ scope }) => !['tenant', 'line', 'any'].includes(scope))).toEqual([]);
    expect(new Set(routes.filter(({ url }) => url.startsWith('/v1/')).map(({ errors }) => errors))).toEqual(
      new Set(['flat']),
    );
  });

  it('refuses callers without a key, with a wrong one, and with x-api-key-id alone', async () => {
    for (const route of allRoutes()) {
      const path = pathOf(route.url, UNKNOWN);
      for (const headers of [
        {},
        { 'x-api-key': 'sk_live_guess-guess' },
        { 'x-api-key-id': bench.desk.keyId },
      ]) {
        const answer = await askRoute(route, path, headers);
        expect([route.method, path, answer.status]).toEqual([route.method, path, 401]);
      }
    }
  });

  it('refuses keys of the wrong scope, and lets no other be refused for that', async () => {
    const callers = {
      tenant: { 'x-api-key': bench.tenant },
      line: { 'x-api-key': bench.desk.key },
      named: { 'x-api-key': bench.tenant, 'x-api-key-id': bench.desk.keyId },
    };
    for (const route of allRoutes()) {
      const path = pathOf(route.url, UNKNOWN);
      for (const [who, headers] of Object.entries(callers)) {
        const answer = await askRoute(route, path, headers);
        const wrong = who === 'tenant' ? route.scope === 'line' : route.scope === 'tenant';
        expect([who, route.method, path, answer.status === 403]).toEqual([who, route.method, path, wrong]);
        if (!wrong || route.method === 'HEAD') continue;
        const code = who === 'tenant' ? 'tenant_scope_not_allowed' : 'number_scope_not_allowed';
        expect(answer.code()).toBe(code);
      }
    }
  });

  it('answers foreign ids, and those of another line, exactly as ids that nobody has', async () => {
    const { calls, desk, lab, foreign, tenant } = bench;
    const theirs = {
      line: foreign.record.lineId,
      call: calls.incoming(foreign.record, '+15550101').callId,
      asset: UNKNOWN.asset,
    };
    const neighbours = {
      line: lab.record.lineId,
      call: calls.incoming(lab.record, '+15550102').callId,
      asset: UNKNOWN.asset,
    };
    for (const route of allRoutes().filter(({ url }) => url.includes(':'))) {
      const unknown = pathOf(route.url, UNKNOWN);
      for (const [key, ids] of [
        [route.scope === 'line' ? desk.key : tenant, theirs],
        [desk.key, neighbours],
      ] as const) {
        const headers = { 'x-api-key': key };
        const found = await askRoute(route, pathOf(route.url, ids), headers);
        const missing = await askRoute(route, unknown, headers);
        expect([found.status, found.text]).toEqual([missing.status, missing.text]);
        expect([route.url, found.status >= 400]).toEqual([route.url, true]);
      }
    }
    for (const { callId } of [{ callId: theirs.call }, { callId: neighbours.call }]) {
      expect(calls.change(callId, {})).toMatchObject({ state: 'ringing', muted: false });
    }
  });

  it('refuses fields that it does not know', async () => {
    const routes = allRoutes().filter(
      (route) => route.method === 'POST' && !(bodyOf(route) instanceof FormData),
    );
    const call = bench.calls.incoming(bench.desk.record, '+15550103');
    const ids = { line: 'lin_desk', call: call.callId, asset: UNKNOWN.asset };
    for (const route of routes.filter(({ url }) => !url.includes('permissions'))) {
      const answer = await bench.ask(pathOf(route.url, ids), {
        method: 'POST',
        key: route.scope === 'tenant' ? bench.tenant : bench.desk.key,
        body: { ...(bodyOf(route) as object), tenant: 'rival' },
      });
      expect([route.url, answer.status, answer.code()]).toEqual([route.url, 400, 'invalid_request']);
    }
  });

  it('is in the OpenAPI document with its error shape, a tag and a summary', async () => {
    const document = (await bench.ask('/openapi.json')).json();
    for (const { url, method, errors } of allRoutes().filter((route) => route.method !== 'HEAD')) {
      const operation = document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect([url, operation?.tags?.length, typeof operation?.summary]).toEqual([url, 1, 'string']);
      const { properties } = operation.responses.default.content['application/json'].schema;
      expect(Object.keys(properties as object)).toEqual(errors === 'flat' ? ['error', 'code'] : ['error']);
    }
  });
});
