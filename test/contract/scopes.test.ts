import { randomUUID } from 'node:crypto';
import { createKeyring } from '@earshot/runtime';
import { createSessionArchive, openObjectStore } from '@earshot/storage';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { type Rig, startRig } from '../rig/earshot.ts';

const Operation = z.object({
  security: z.array(z.record(z.string(), z.unknown())).optional(),
  description: z.string().optional(),
});
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

interface Route {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
}

const UNKNOWN = {
  line: 'lin_nobody',
  call: `call_${'0'.repeat(26)}`,
  asset: `ast_${'0'.repeat(26)}`,
  recording: `rec_${'0'.repeat(26)}_mixed`,
  webhook: `whk_${'0'.repeat(26)}`,
  session: `ses_${'0'.repeat(26)}`,
};
type Ids = typeof UNKNOWN;

let rig: Rig;
let routes: Route[];
let lineKey: string;
let theirs: Ids;

beforeAll(async () => {
  rig = await startRig({
    calls: true,
    worker: false,
    env: { EARSHOT_TRUSTED_PROXIES: '127.0.0.1' },
  });
  routes = [...(await guarded(rig.origin)), ...(await guarded(rig.callsOrigin))];
  lineKey = await keyOfLine('lin_first', rig.key);
  theirs = await thingsOfAnotherTenant();
}, 90_000);
afterAll(() => rig.stop());

/** The operations of a service that ask for a credential, by its own document. */
async function guarded(origin: string): Promise<Route[]> {
  const { paths } = Document.parse(await (await fetch(`${origin}/openapi.json`)).json());
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { security }]) => security !== undefined && security.length > 0)
      .map(([method]) => ({ origin, method: method.toUpperCase(), path })),
  );
}

async function post(path: string, key: string, body?: unknown): Promise<Response> {
  return fetch(`${rig.callsOrigin}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const keyOfLine = async (line: string, key: string): Promise<string> =>
  z.object({ key: z.string() }).parse(await (await post(`/v1/lines/${line}/key`, key)).json()).key;

/** One of everything, of a tenant that is none of ours. */
async function thingsOfAnotherTenant(): Promise<Ids> {
  const store = openObjectStore(rig.env['EARSHOT_OBJECT_STORE'] ?? '');
  const { key } = await createKeyring({ store: createSessionArchive(store) }).create({
    tenant: 'rival',
    name: 'theirs',
  });
  await store.close();
  const line = 'lin_theirs';
  expect((await post('/v1/lines', key, { lineId: line, name: 'theirs' })).status).toBe(201);
  const placed = await post(`/api/v1/sessions/${line}/calls`, key, { to: 'loop:echo' });
  const call = z.object({ data: z.object({ callId: z.string() }) }).parse(await placed.json()).data.callId;
  const created = await fetch(`${rig.origin}/voice/v1/sessions`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({
      upload_type: 'chunked',
      communication_protocol: 'http',
      templates: ['transcript_template'],
    }),
  });
  const session = z.object({ session_id: z.string() }).parse(await created.json()).session_id;
  return { ...UNKNOWN, line, call, session, recording: `rec_${call.slice(5)}_mixed` };
}

function pathOf({ path }: Route, ids: Ids): string {
  const byName: Readonly<Record<string, string>> = {
    '{sessionId}': path.startsWith('/api/') ? ids.line : ids.session,
    '{session_id}': ids.session,
    '{callId}': ids.call,
    '{assetId}': ids.asset,
    '{recordingId}': ids.recording,
    '{webhook_id}': ids.webhook,
    '{webhookId}': ids.webhook,
    '{file_name}': 'audio_0.webm',
    '{id}': path.includes('webhooks') ? ids.webhook : ids.line,
  };
  return path.replace(/\{\w+\}/g, (name) => byName[name] ?? 'unknown');
}

/** A body that fits, where one is needed to get as far as looking for the thing that the path names. */
function bodyOf({ method, path }: Route): object | undefined {
  if (method === 'PATCH') return path.includes('webhook') ? { active: true } : { additional_data: {} };
  if (method !== 'POST') return undefined;
  const last = path.split('/').at(-1) ?? '';
  const bodies: Readonly<Record<string, object>> = {
    calls: { to: 'loop:busy' },
    mute: { muted: true },
    play: path.startsWith('/v1/') ? { mediaUrl: 'http://127.0.0.1:1/a.wav' } : { assetId: UNKNOWN.asset },
    'realtime-session': { mode: 'talk' },
  };
  return bodies[last];
}

let asked = 0;

async function ask(route: Route, headers: Record<string, string>, ids: Ids = UNKNOWN) {
  const url = `${route.origin}${pathOf(route, ids)}`;
  const signal = AbortSignal.timeout(10_000);
  asked += 1;
  // Each from an address of its own: one that guesses is held off after a while.
  const from = { 'x-forwarded-for': `203.0.${113 + (asked >> 8)}.${asked & 255}` };
  const body = bodyOf(route);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(url, {
    method: route.method,
    headers: { ...headers, ...from, ...type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
  // A stream of events goes on for ever; that it began is all that is asked here.
  const streams = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = streams ? '' : await answer.text();
  if (streams) await answer.body?.cancel();
  return { status: answer.status, text };
}

type Scope = 'tenant' | 'line' | 'any';

/** Whose keys a path takes, by the rules of the two published APIs that it belongs to, and not by its own word. */
function scopeOf(path: string): Scope {
  if (/^\/v1\/(calls|recordings)(\/|$)/.test(path)) return 'line';
  if (/^\/v1\/(lines|api-keys)(\/|$)/.test(path)) return 'tenant';
  if (path === '/api/v1/events') return 'tenant';
  return path.startsWith('/api/v1/') || path.startsWith('/v1/') || path === '/realtime_session'
    ? 'any'
    : 'tenant';
}

const CODES = { tenant: /tenant_scope_not_allowed/i, line: /number_scope_not_allowed/i };

describe('every operation that asks for a key', () => {
  it('refuses callers without one, with a wrong one, and with the id of one alone', async () => {
    expect(routes.length).toBeGreaterThan(60);
    for (const route of routes) {
      for (const headers of [{}, { 'x-api-key': `sk_live_${randomUUID()}` }, { 'x-api-key-id': 'key_x' }]) {
        const { status } = await ask(route, headers);
        expect([route.method, route.path, status]).toEqual([route.method, route.path, 401]);
      }
    }
  }, 120_000);

  it('takes keys of its scope and refuses the others by name', async () => {
    for (const route of routes) {
      const scope = scopeOf(route.path);
      for (const [who, key] of [
        ['tenant', rig.key],
        ['line', lineKey],
      ] as const) {
        const { status, text } = await ask(route, { 'x-api-key': key });
        const refused = scope !== 'any' && scope !== who;
        const seen = [who, route.method, route.path, status === 403];
        expect(seen).toEqual([who, route.method, route.path, refused]);
        if (refused) expect(text).toMatch(CODES[who]);
      }
    }
  }, 120_000);

  it('answers what belongs to another tenant as what nobody has', async () => {
    const open = routes.filter(({ path }) => path.includes('{'));
    const statuses: number[] = [];
    for (const route of open) {
      const key = scopeOf(route.path) === 'line' ? lineKey : rig.key;
      const foreign = await ask(route, { 'x-api-key': key }, theirs);
      const unknown = await ask(route, { 'x-api-key': key });
      const bare = ({ status, text }: typeof foreign, ids: Ids) => [
        route.method,
        route.path,
        status,
        Object.entries(ids).reduce((body, [name, id]) => body.replaceAll(id, `<${name}>`), text),
      ];
      expect(bare(foreign, theirs)).toEqual(bare(unknown, UNKNOWN));
      expect([route.path, foreign.status >= 400]).toEqual([route.path, true]);
      statuses.push(foreign.status);
    }
    expect(statuses.filter((status) => status === 404).length).toBeGreaterThan(40);
  }, 120_000);
});
