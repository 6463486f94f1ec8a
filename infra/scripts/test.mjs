/**
 * `npm test`: sets this folder up and runs every suite, or those named (`npm test -- packages/audio`).
 * The last line it prints is the count of tests that passed and failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { runVisibly } from './steps/command.mjs';
import { ROOT } from './steps/places.mjs';

await setUp({ forTests: true });

const folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
const countsFile = join(folder, 'counts.json');
const jest = [
  process.execPath,
  '--experimental-vm-modules',
  '--no-warnings',
  join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
  '--reporters=default',
  `--reporters=${join(ROOT, 'infra', 'scripts', 'summary-reporter.mjs')}`,
];
const code = await runVisibly([...jest, ...process.argv.slice(2)], {
  env: { EARSHOT_TEST_COUNTS: countsFile },
});
const counts = readCounts();
rmSync(folder, { recursive: true, force: true });
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = code === 0 && counts.failed > 0 ? 1 : code;

/** What the reporter wrote; a run that ended before it could is one failure. */
function readCounts() {
  try {
    return JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
}
