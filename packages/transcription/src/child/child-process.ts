import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** How a child ended. `stoppedBy` tells that we ended it, and why. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stoppedBy: 'abort' | 'timeout' | 'caller' | null;
  /** Last 4 kB of its standard error: for our own logic only, it may hold paths. */
  readonly stderr: string;
}

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A running child. `exit` never rejects except when the program cannot be started at all. */
export interface RunningChild {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly exit: Promise<ChildExit>;
  /** Asks the child to end, and kills it when it does not. */
  stop(): void;
}

const KILL_AFTER_MS = 2000;
const STDERR_BYTES = 4096;

/** Children see a fixed environment: no keys, no proxies, no loader tricks. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin', LC_ALL: 'C', LANG: 'C' };

const live = new Set<ChildProcess>();
let exitHook = false;

/** A plain spawn outlives its parent; what still runs when this process exits is killed. */
function remember(child: ChildProcess): void {
  live.add(child);
  child.once('close', () => live.delete(child));
  if (exitHook) return;
  exitHook = true;
  process.once('exit', () => {
    for (const orphan of live) orphan.kill('SIGKILL');
  });
}

function keepTail(stream: Readable): () => string {
  let tail = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-STDERR_BYTES);
  });
  return () => tail.toString('utf8');
}

/**
 * Starts a program from an argument array, without a shell. Its end is awaited, not assumed: abort and timeout
 * send SIGTERM, SIGKILL follows after 2 s, and `exit` resolves only once the process is gone.
 */
export function startChild(options: ChildCommand): RunningChild {
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: ENVIRONMENT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  remember(child);
  const stderr = keepTail(child.stderr);
  // A child that ends early closes its input under us; the exit code tells the story.
  child.stdin.on('error', () => undefined);

  let stoppedBy: ChildExit['stoppedBy'] = null;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (by: ChildExit['stoppedBy']): void => {
    if (stoppedBy !== null || child.exitCode !== null || child.signalCode !== null) return;
    stoppedBy = by;
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  const onAbort = (): void => {
    stop('abort');
  };
  const timeout = setTimeout(() => {
    stop('timeout');
  }, options.timeoutMs);
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();

  const exit = new Promise<ChildExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stoppedBy, stderr: stderr() });
    });
  }).finally(() => {
    clearTimeout(timeout);
    clearTimeout(killTimer);
    options.signal.removeEventListener('abort', onAbort);
    live.delete(child);
  });
  // Whoever awaits `exit` sees the failure; nobody has to at once.
  exit.catch(() => undefined);
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    exit,
    stop: () => {
      stop('caller');
    },
  };
}

/** "exit 1" or "signal SIGKILL": what may be said about an ended child. */
export function describeExit(exit: Pick<ChildExit, 'code' | 'signal'>): string {
  return exit.signal === null ? `exit ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}
