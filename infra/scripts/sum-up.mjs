/**
 * Adds up what the tests and the faults printed last, as one line "N passed, N failed". A kind of fault counts as one
 * test; output without figures, or an exit code that no figure explains, counts as one that failed.
 * `node sum-up.mjs TESTS FAULTS EXIT_CODE_OF_THE_FAULTS`, both outputs in files.
 */
import { readFileSync } from 'node:fs';

const lastLine = (path) => readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';

function testCounts(line) {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
  return passed === undefined ? { passed: 0, failed: 1 } : { passed: Number(passed), failed: Number(failed) };
}

function faultCounts(line) {
  try {
    const rows = JSON.parse(line).faults;
    const isGood = (row) => row.samplesLost + row.samplesDoubled + row.stuck + row.falseAcks === 0;
    const good = rows.filter(isGood).length;
    return { passed: good, failed: rows.length - good };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const [tests, faults, faultsCode] = process.argv.slice(2);
const counts = [testCounts(lastLine(tests)), faultCounts(lastLine(faults))];
// A kind of fault that could not run has no figures.
if (faultsCode !== '0' && counts[1].failed === 0) counts[1].failed = 1;
const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
