import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Served, serveOrigin, type TestPage } from './test-page.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const zod = createRequire(join(ROOT, 'packages/protocol/package.json')).resolve('zod/package.json');

/** Built packages, as an import map names them: no bundler in between. */
const FOLDERS: Readonly<Record<string, string>> = {
  client: join(ROOT, 'packages/client/dist'),
  protocol: join(ROOT, 'packages/protocol/dist'),
  zod: dirname(zod),
  page: fileURLToPath(new URL('page', import.meta.url)),
};
const IMPORTS = {
  '@earshot/client': '/client/index.js',
  '@earshot/protocol': '/protocol/index.js',
  zod: '/zod/index.js',
};
const HTML = `<!doctype html><title>SDK</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" src="/page/sdk.mjs"></script>
<script type="module" src="/page/calls.mjs"></script>`;
const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.mjs': 'text/javascript' };

/** Serves a page that has the SDK, and the given files beside it. */
export async function serveSdkPage(files: Readonly<Record<string, Uint8Array>>): Promise<TestPage> {
  return await serveOrigin((path) => bodyOf(path, files));
}

/** Rejects when there is nothing under this path. */
async function bodyOf(path: string, files: Readonly<Record<string, Uint8Array>>): Promise<Served> {
  if (path === '/') return ['text/html', HTML];
  const given = files[path];
  if (given !== undefined) return ['application/octet-stream', given];
  const [, folder = '', ...rest] = path.split('/');
  const base = FOLDERS[folder];
  if (base === undefined || rest.includes('..')) throw new Error('There is no such file.');
  return [TYPES[extname(path)] ?? 'text/plain', await readFile(join(base, ...rest))];
}
