/** `npm run check`: every static check in the order that fails fastest; stops at the first that fails. */
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { runVisibly, say } from './steps/command.mjs';
import { ROOT } from './steps/places.mjs';

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

const CHECKS = [
  { name: 'format and lint (biome)', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  {
    name: 'types (tsc)',
    command: [process.execPath, 'node_modules/@typescript/native/bin/tsc', '--build'],
  },
  {
    name: 'boundaries (dependency-cruiser)',
    command: [bin('depcruise'), 'packages', 'services', 'test', '--config', '.dependency-cruiser.cjs'],
  },
  { name: 'dead code (knip)', command: [bin('knip'), '--no-progress'] },
  { name: 'typed lint (eslint)', command: [bin('eslint'), '--max-warnings', '0', '.'] },
];

if (!(await setUp({ forTests: process.env.CI === 'true' }))) process.exit(1);
for (const { name, command } of CHECKS) {
  const started = Date.now();
  const code = await runVisibly(command);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  say(`${code === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds} s`);
  if (code !== 0) process.exit(code);
}
