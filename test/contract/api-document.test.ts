import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rig, startRig } from '../rig/earshot.ts';
import { isRecord } from '../rig/session-calls.ts';
import { documentProblems, operationsOf } from './schema/openapi-structure.ts';

let rig: Rig;
let document: Record<string, unknown>;

beforeAll(async () => {
  rig = await startRig({ worker: false });
  const answer: unknown = await (await fetch(`${rig.origin}/openapi.json`)).json();
  if (!isRecord(answer)) throw new Error('the document is no object');
  document = answer;
}, 60_000);
afterAll(() => rig.stop());

/** Paths that are not part of the API: the document itself and what operators look at. */
const UNDOCUMENTED = ['/metrics', '/openapi.json', '/docs', '/voice/v1/sessions/{session_id}/audio/'];

/** Every path that the source of the services registers a route for, in the writing of OpenAPI. */
function registeredPaths(): string[] {
  const folders = ['../../services/ingest/src/http/routes/', '../../packages/runtime/src/http/pages/'];
  const sources = folders.flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    return readdirSync(url)
      .filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
      .map((name) => readFileSync(new URL(name, url), 'utf8'));
  });
  const literals = sources.flatMap((source) =>
    [...source.matchAll(/'(\/[\w.:/-]+)'/g)].map(([, path]) => path),
  );
  return [...new Set(literals.map((path = '') => path.replace(/:(\w+)/g, '{$1}')))].sort();
}

/** Methods that the running server has for a path: it names them when asked with one that nothing takes. */
async function liveMethods(path: string): Promise<string[]> {
  const url = rig.origin + path.replace(/\{\w+\}/g, 'x');
  const answer = await fetch(url, { method: 'PROPFIND' });
  const methods = (answer.headers.get('allow') ?? '').toLowerCase().split(', ');
  return methods.filter((method) => method !== '' && method !== 'head').sort();
}

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document', () => {
    expect(documentProblems(document)).toEqual([]);
    expect(operationsOf(document).length).toBeGreaterThan(20);
  });

  it.each<[string, (copy: Record<string, Record<string, Record<string, Record<string, unknown>>>>) => void]>([
    ['without a title', (copy) => delete copy['info']!['title']],
    [
      'with a path that does not begin with a slash',
      (copy) => {
        copy['paths']!['voice'] = {};
      },
    ],
    [
      'with a misspelt field',
      (copy) => {
        copy['paths']!['/healthz']!['get']!['respones'] = {};
      },
    ],
    [
      'with a status that is none',
      (copy) => {
        copy['paths']!['/healthz']!['get']!['responses'] = { '99': {} };
      },
    ],
    [
      'without an answer for success',
      (copy) => {
        copy['paths']!['/healthz']!['get']!['responses'] = { default: { description: 'x' } };
      },
    ],
    [
      'with a path parameter that is not described',
      (copy) => {
        copy['paths']!['/voice/v1/sessions/{session_id}']!['get']!['parameters'] = [];
      },
    ],
    [
      'with a schema that is none',
      (copy) => {
        copy['components']!['schemas'] = { Bad: { type: 'nothing' } };
      },
    ],
    [
      'with a reference to nothing',
      (copy) => {
        copy['components']!['schemas'] = { Bad: { $ref: '#/components/schemas/Missing' } };
      },
    ],
    [
      'with an unknown security scheme',
      (copy) => {
        copy['paths']!['/healthz']!['get']!['security'] = [{ nobody: [] }];
      },
    ],
  ])('would be found out %s', (_name, spoil) => {
    const copy = structuredClone(document);
    spoil(copy as Parameters<typeof spoil>[0]);
    expect(documentProblems(copy)).not.toEqual([]);
  });

  it('describes every route that the server has, and none that it has not', async () => {
    const described = operationsOf(document).map(({ method, path }) => `${method} ${path}`);
    const registered = registeredPaths();
    expect(registered).toEqual(expect.arrayContaining(UNDOCUMENTED));
    const live: string[] = [];
    for (const path of registered) {
      const methods = await liveMethods(path);
      expect([path, methods]).not.toEqual([path, []]);
      if (!UNDOCUMENTED.includes(path)) live.push(...methods.map((method) => `${method} ${path}`));
    }
    expect(described.toSorted()).toEqual(live.toSorted());
  });

  it('asks for a credential exactly where the server does', async () => {
    for (const { method, path, value } of operationsOf(document)) {
      const answer = await fetch(rig.origin + path.replace(/\{\w+\}/g, 'x'), {
        method: method.toUpperCase(),
      });
      await answer.arrayBuffer();
      const secured = Array.isArray(value['security']) && value['security'].length > 0;
      expect([method, path, answer.status === 401]).toEqual([method, path, secured]);
    }
  });
});

describe('the reference page', () => {
  it.each(['/docs', '/docs/'])('at %s loads everything from this server', async (path) => {
    const page = await fetch(rig.origin + path);
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|\*/);
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, url = '']) => new URL(url, page.url),
    );
    expect(assets.length).toBeGreaterThanOrEqual(4);
    for (const asset of assets) {
      expect(asset.origin).toBe(rig.origin);
      const answer = await fetch(asset);
      expect([asset.pathname, answer.status]).toEqual([asset.pathname, 200]);
      await answer.arrayBuffer();
    }
    expect(html).toContain('swagger-ui');
    const shown = await fetch(new URL('json', page.url.replace(/\/?$/, '/')));
    expect(await shown.json()).toEqual(document);
  });
});
