import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { temporaryFolder } from '@earshot/test-support';
import type { FaultClass, FaultFigures, FaultRun, FaultSkip } from '../../runner/fault-class.ts';
import { Verdict } from '../oracle/verdict.ts';
import { DriverProcess } from '../power/driver-process.ts';
import { judgeFolder } from '../power/folder-journal.ts';
import { PowerLab } from '../power/loop-image.ts';

const NAME = 'journal-syscall-errors';
const APPENDS = 150;
const PATIENCE_MS = 30_000;

/** What the kernel is made to answer, and how a journal has to take it. */
interface Injection {
  readonly what: string;
  /** As strace's `inject` wants it, for the n-th call. */
  readonly rule: (nth: number) => string;
  /** `leave`: the journal fails for good and says so; `finish`: it gets through; `wait`: it stops promising; `either` of leave and finish. */
  readonly expect: 'leave' | 'finish' | 'wait' | 'either';
}

const INJECTIONS: readonly Injection[] = [
  { what: 'a sync fails', rule: (nth) => `fdatasync:error=EIO:when=${nth + 1}`, expect: 'leave' },
  {
    what: 'the disk is full from now on',
    rule: (nth) => `pwrite64:error=ENOSPC:when=${nth + 1}+`,
    expect: 'wait',
  },
  { what: 'the disk is full once', rule: (nth) => `pwrite64:error=ENOSPC:when=${nth + 1}`, expect: 'finish' },
  { what: 'a write fails', rule: (nth) => `pwrite64:error=EIO:when=${nth + 1}`, expect: 'either' },
  {
    what: 'a sync takes 300 ms',
    rule: (nth) => `fdatasync:delay_enter=300000:when=${nth + 1}`,
    expect: 'finish',
  },
  { what: 'the folder cannot be synced', rule: (nth) => `fsync:error=EIO:when=${nth + 2}`, expect: 'either' },
];

/** A real process on a real file system whose system calls fail; then, where images can be mounted, the power goes. */
export const journalSyscallErrors: FaultClass = {
  name: NAME,
  ciCount: 24,
  fullCount: 120,
  run: runSyscallErrors,
};

async function runSyscallErrors(run: FaultRun): Promise<FaultFigures | FaultSkip> {
  const missing = await straceMissing();
  if (missing !== undefined) return { class: NAME, skipped: missing };
  const verdict = new Verdict(NAME, run.log);
  const lab = await PowerLab.open();
  try {
    for (let index = 0; verdict.injected < run.count; index += 1) {
      const injection = INJECTIONS[index % INJECTIONS.length]!;
      const nth = Math.floor(index / INJECTIONS.length) + 1;
      verdict.where = `${injection.rule(nth)}, seed ${run.seed + index}`;
      verdict.inject();
      if (typeof lab === 'string') await injectInFolder(injection, { nth, seed: run.seed + index, verdict });
      else await injectOnImage(lab, injection, { nth, seed: run.seed + index, verdict });
    }
  } finally {
    if (typeof lab !== 'string') await lab.close();
  }
  const then =
    typeof lab === 'string' ? `then killed; no power cut, ${lab}` : 'then killed and the power cut';
  return verdict.figures(`${INJECTIONS.length} kinds of errors, ${then}`);
}

interface Injecting {
  readonly nth: number;
  readonly seed: number;
  readonly verdict: Verdict;
}

async function injectInFolder(injection: Injection, injecting: Injecting): Promise<void> {
  const folder = await temporaryFolder();
  try {
    const driver = await live(folder.path, injection, injecting);
    await judgeFolder(folder.path, driver.promises.claims(), injecting.verdict);
  } finally {
    await folder.remove();
  }
}

async function injectOnImage(lab: PowerLab, injection: Injection, injecting: Injecting): Promise<void> {
  const image = await lab.image('errors');
  await image.mount();
  try {
    const driver = await live(`${image.folder}/journal`, injection, injecting);
    const claims = driver.promises.claims();
    const copy = await image.cut('cut');
    await judgeFolder(`${image.folder}/journal`, claims, injecting.verdict);
    try {
      await copy.mount();
      injecting.verdict.where += ', then the power cut';
      await judgeFolder(`${copy.folder}/journal`, claims, injecting.verdict);
    } finally {
      await copy.remove();
    }
  } finally {
    await image.remove();
  }
}

/** Runs a driver under strace until it ends or has nothing more to say. */
async function live(
  folder: string,
  injection: Injection,
  { nth, seed, verdict }: Injecting,
): Promise<DriverProcess> {
  const trace = 'trace=pwrite64,fdatasync,fsync';
  const under = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    trace,
    '-e',
    `inject=${injection.rule(nth)}`,
  ];
  const driver = new DriverProcess({ folder, seed, appends: APPENDS, under });
  const waitMs = injection.expect === 'wait' ? 2_500 : PATIENCE_MS;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs);
  });
  const code = await Promise.race([driver.exited, patience]);
  clearTimeout(timer);
  await driver.kill();
  judgeEnd({ driver, injection, code }, verdict);
  return driver;
}

function judgeEnd(
  { driver, injection, code }: { driver: DriverProcess; injection: Injection; code: number | undefined },
  verdict: Verdict,
): void {
  const { failed, done, lateLines } = driver.promises;
  const told = `${injection.what}: exit ${code ?? 'none'}, ${driver.errors}`;
  if (lateLines > 0) verdict.wrong('falseAcks', `${lateLines} promises after it had failed`);
  if (injection.expect === 'leave' && !failed) verdict.wrong('falseAcks', `it did not leave: ${told}`);
  if (injection.expect === 'finish' && !done) verdict.wrong('stuck', `it did not get through: ${told}`);
  if (injection.expect === 'wait' && (failed || done))
    verdict.wrong('stuck', `it did not wait for room: ${told}`);
  if (injection.expect === 'either' && !failed && !done)
    verdict.wrong('stuck', `it neither left nor got through: ${told}`);
}

/** Why injecting errors does not work on this machine. */
async function straceMissing(): Promise<string | undefined> {
  try {
    await promisify(execFile)('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', 'true']);
    return undefined;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing ? 'strace is not installed' : 'strace may not trace processes here';
  }
}
