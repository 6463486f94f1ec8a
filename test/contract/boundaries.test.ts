import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
  write('tsconfig.base.json', '{"compilerOptions":{"module":"nodenext"}}');
});
afterEach(() => folder.remove());

function write(path: string, text: string): void {
  mkdirSync(join(folder.path, path, '..'), { recursive: true });
  writeFileSync(join(folder.path, path), text);
}

/** Runs the project's own boundary rules over a tree; the names of the rules that it breaks. */
function brokenRules(): string[] {
  const run = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      ...['packages', 'services', '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json'],
    ],
    { cwd: folder.path, encoding: 'utf8', maxBuffer: 50_000_000 },
  );
  const report = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return report.summary.violations.map((violation) => violation.rule.name);
}

describe('the boundary rules', () => {
  it('see TypeScript imports, and refuse a package that reaches up, a cycle and I/O in pure code', () => {
    write('packages/storage/src/store.ts', 'export const store = 1;\n');
    write(
      'packages/audio/src/bad.ts',
      "import { store } from '../../storage/src/store.ts';\nexport const a = store;\n",
    );
    write(
      'packages/audio/src/file.ts',
      "import { readFileSync } from 'node:fs';\nexport const b = readFileSync;\n",
    );
    write(
      'packages/queue/src/one.ts',
      "import { two } from './two.ts';\nexport const one = (): number => two();\n",
    );
    write(
      'packages/queue/src/two.ts',
      "import { one } from './one.ts';\nexport const two = (): number => one();\n",
    );
    write('services/worker/src/app.ts', 'export const worker = 1;\n');
    write(
      'services/ingest/src/reach.ts',
      "import { worker } from '../../worker/src/app.ts';\nexport const c = worker;\n",
    );
    const rules = new Set(brokenRules());
    for (const rule of [
      'audio-imports',
      'no-cycles',
      'pure-packages-do-no-io',
      'services-do-not-import-each-other',
    ]) {
      expect([...rules]).toContain(rule);
    }
  });

  it('have nothing to say about imports that go down', () => {
    write('packages/protocol/src/ids.ts', 'export const id = 1;\n');
    write(
      'packages/audio/src/good.ts',
      "import { id } from '../../protocol/src/ids.ts';\nexport const d = id;\n",
    );
    write(
      'services/ingest/src/app.ts',
      "import { d } from '../../../packages/audio/src/good.ts';\nexport const e = d;\n",
    );
    expect(brokenRules()).toEqual([]);
  });
});
