import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CallsConfig } from '@earshot/calls-service';
import { IngestConfig } from '@earshot/ingest';
import { METRICS } from '@earshot/runtime';
import { WorkerConfig } from '@earshot/worker';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LEFT_OUT = /^(node_modules|dist|coverage|\..*)$/;

const documents = find('.').map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

function find(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.test(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return find(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const settingsIn = (text: string): string[] => text.match(/\b(?:EARSHOT|REDIS|LOG)_[A-Z_]+\b/g) ?? [];
const rowsOf = (path: string): string[] => {
  const text = documents.find((document) => document.path === path)?.text ?? '';
  const names = text.split('\n').flatMap((line) => settingsIn(/^\|([^|]*)\|/.exec(line)?.[1] ?? ''));
  return [...new Set(names)].sort();
};

/** Read by the command line tool, by the one-process server, and by the tests. */
const OTHER_SETTINGS = [
  'EARSHOT_URL',
  'EARSHOT_CALLS_URL',
  'EARSHOT_API_KEY',
  'EARSHOT_DATA_DIR',
  'EARSHOT_TEST_MINIO',
];

describe('the documents', () => {
  it('are found', () => {
    const paths = documents.map(({ path }) => path);
    for (const path of ['README.md', 'CONTRIBUTING.md', 'services/ingest/README.md']) {
      expect(paths).toContain(path);
    }
  });

  it('link to files that are there', () => {
    const links = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => ({ path, target })),
    );
    const local = links.filter(({ target }) => !/^[a-z]+:/.test(target));
    expect(local.length).toBeGreaterThan(10);
    const broken = local.filter(({ path, target }) => !existsSync(join(ROOT, dirname(path), target)));
    expect(broken).toEqual([]);
  });

  it('name files of the repository that are there', () => {
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:packages|services|infra|test)\/[\w./-]+)`/g)].map(([, name = '']) => ({
        path,
        name,
      })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ name }) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it('name metrics that exist', () => {
    const known = Object.keys(METRICS);
    const named = documents.flatMap(({ text }) => text.match(/\bearshot_[a-z_]+\b/g) ?? []);
    expect(named.length).toBeGreaterThan(10);
    for (const name of named) expect(known).toContain(name);
  });

  it('name settings that exist', () => {
    const known = [
      ...[IngestConfig, WorkerConfig, CallsConfig].flatMap(({ shape }) => Object.keys(shape)),
      ...OTHER_SETTINGS,
    ];
    for (const { path, text } of documents) {
      const unknown = settingsIn(text).filter((name) => !known.includes(name));
      expect([path, unknown]).toEqual([path, []]);
    }
  });

  it('list every setting of a service in its README', () => {
    expect(rowsOf('services/ingest/README.md')).toEqual(Object.keys(IngestConfig.shape).sort());
    expect(rowsOf('services/worker/README.md')).toEqual(Object.keys(WorkerConfig.shape).sort());
    // What it shares with ingest stands in ingest's table.
    const shared = Object.keys(IngestConfig.shape);
    const own = Object.keys(CallsConfig.shape).filter((name) => !shared.includes(name));
    expect(rowsOf('services/calls/README.md')).toEqual(expect.arrayContaining(own));
  });

  it('name scripts that exist', () => {
    const Package = z.object({ scripts: z.record(z.string(), z.string()) });
    const { scripts } = Package.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    const named = documents.flatMap(({ text }) => [...text.matchAll(/npm run (?:-s )?([\w:]+)/g)]);
    expect(named.length).toBeGreaterThan(3);
    for (const [, name] of named) expect(Object.keys(scripts)).toContain(name);
  });
});

describe('decisions', () => {
  const decisions = documents.filter(({ path }) => path.startsWith('infra/decisions/'));

  it('are numbered without a hole', () => {
    const numbers = decisions.map(({ path }) => Number(/\/(\d{4})-/.exec(path)?.[1])).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(10);
  });

  it('say context, choice and cost', () => {
    for (const { path, text } of decisions) {
      const parts = [...text.matchAll(/^\*\*(Context|Choice|Cost)\.\*\*/gm)].map(([, part]) => part);
      expect([path, parts]).toEqual([path, ['Context', 'Choice', 'Cost']]);
    }
  });
});
