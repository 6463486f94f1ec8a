import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@earshot/test-support';
import type { RunFolder } from './guard.ts';

/** What to run, and how to tell that it serves. */
export interface Program {
  /** Also of its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ready: () => Promise<boolean>;
}

/** A program that is started again as often as it is killed. */
export interface Supervised {
  readonly name: string;
  readonly pid: number | undefined;
  /** Starts it, unless it runs, and resolves when it is ready. */
  start(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves to the exit code, null when a signal ended it. */
  terminate(graceMs?: number): Promise<number | null>;
  pause(): void;
  resume(): void;
}

const START_MS = 30_000;

/** Everything that it prints goes to `logs/<name>.log` of the run's folder. */
export function supervise(program: Program, folder: RunFolder): Supervised {
  let running: { child: ChildProcess; exited: Promise<number | null> } | undefined;
  const logFile = join(folder.path, 'logs', `${program.name}.log`);
  const launch = async (): Promise<void> => {
    const log = openSync(logFile, 'a');
    const child = spawn(program.command, program.args, {
      env: { ...process.env, ...program.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => resolve(code));
      child.once('error', () => resolve(null));
    }).then(async (code) => {
      if (running?.child === child) running = undefined;
      if (child.pid !== undefined) await folder.release(child.pid);
      return code;
    });
    running = { child, exited };
    if (child.pid !== undefined) await folder.adopt(child.pid);
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL', graceMs: number): Promise<number | null> => {
    const ending = running;
    if (ending === undefined) return null;
    ending.child.kill('SIGCONT');
    ending.child.kill(signal);
    const late = setTimeout(() => ending.child.kill('SIGKILL'), graceMs);
    const code = await ending.exited;
    clearTimeout(late);
    return code;
  };
  return {
    name: program.name,
    get pid() {
      return running?.child.pid;
    },
    async start() {
      // A process that ends while it starts is started again: it may have found Redis in the middle of a restart.
      await until(
        async () => {
          if (running === undefined) await launch();
          return program.ready();
        },
        { timeoutMs: START_MS, intervalMs: 25, what: `the start of ${program.name}` },
      ).catch(async (cause: unknown) => {
        const said = (await readFile(logFile, 'utf8').catch(() => '')).slice(-1500);
        throw new Error(`${program.name} did not start: ${said}`, { cause });
      });
    },
    kill: async () => {
      await end('SIGKILL', 1000);
    },
    terminate: (graceMs = 40_000) => end('SIGTERM', graceMs),
    pause: () => void running?.child.kill('SIGSTOP'),
    resume: () => void running?.child.kill('SIGCONT'),
  };
}
