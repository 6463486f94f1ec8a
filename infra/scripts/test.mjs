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

/** Nothing ran, or not to its end: that is one failure, whatever else is known. */
const BROKEN = { passed: 0, failed: 1 };

const { code, counts } = (await setUp({ forTests: true })) ? await runTests() : { code: 1, counts: BROKEN };
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = code === 0 && counts.failed > 0 ? 1 : code;

async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-counts-'));
  const file = join(folder, 'counts.json');
  const jest = [
    process.execPath,
    '--experimental-vm-modules',
    '--no-warnings',
    join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    // In front of the reporters, an option that would take every word behind it for its own.
    ...process.argv.slice(2),
    '--reporters=default',
    `--reporters=${join(ROOT, 'infra', 'scripts', 'summary-reporter.mjs')}`,
  ];
  const env = { EARSHOT_TEST_COUNTS: file };
  const exitCode = await runVisibly(jest, { env });
  const written = readCounts(file);
  rmSync(folder, { recursive: true, force: true });
  return { code: exitCode, counts: written };
}

/** What the reporter wrote, unless the run ended before it could. */
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return BROKEN;
  }
}
