import { writeFileSync } from 'node:fs';

/**
 * Jest reporter that leaves `{passed, failed}` in the file named by EARSHOT_TEST_COUNTS, so that the caller
 * can print it as the last line after jest has ended. A suite that does not load counts as one failure.
 */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.EARSHOT_TEST_COUNTS;
    if (file === undefined) return;
    const interrupted = results.wasInterrupted ? 1 : 0;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + interrupted;
    writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed }));
  }
}
