import type { StandaloneConfig } from '../config.ts';
import { type Finding, findingLine, findingOf } from './checks/finding.ts';
import { checkJournal } from './checks/journal-check.ts';
import { checkDisk, checkStorage } from './checks/place-checks.ts';
import { checkRedis } from './checks/redis-check.ts';
import { checkEngines, checkFfmpeg } from './checks/speech-checks.ts';

/** Checks what earshot stands on and prints a line for each; resolves to the exit code, 1 when one fails. */
export async function doctor(config: StandaloneConfig, print: (line: string) => void): Promise<number> {
  const checks: [subject: string, check: () => Promise<Finding[]>][] = [
    ['redis', () => checkRedis(config)],
    ['storage', () => checkStorage(config)],
    ['disk', () => checkDisk(config)],
    ['journal', () => checkJournal(config.ingest)],
    ['ffmpeg', checkFfmpeg],
    ['engine', () => checkEngines(config)],
  ];
  let failed = false;
  for (const [subject, check] of checks) {
    for (const finding of await findingOf(subject, check)) {
      print(findingLine(finding));
      failed ||= finding.verdict === 'fail';
    }
  }
  return failed ? 1 : 0;
}
