import { type ChildProcess, spawn } from 'node:child_process';
import { until } from '../resources/until.ts';
import { startGuard, unrefStream } from './guard.ts';

/** What to run, and how to tell that it serves. */
export interface ChildServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Removed when the process that started the server has died without stopping it. */
  readonly folder: string;
  readonly ready: () => Promise<boolean>;
}

/** A real server as a child process. */
export interface ChildServer {
  /** Sends a signal and, unless it only pauses or resumes, waits for the end of the process. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/** Grace after SIGTERM before SIGKILL, ms. */
const GRACE_MS = 5000;
/** A loaded machine may need long for a first start, ms. */
const START_MS = 20_000;

/** Starts a server and resolves when it is ready; rejects with its last output when it is not. */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const child = spawn(options.command, options.args, {
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const guard = child.pid === undefined ? undefined : startGuard(child.pid, options.folder);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    guard?.kill('SIGKILL');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await exited;
    clearTimeout(late);
  };
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  const started = await until(async () => (gone ? 'gone' : (await options.ready()) && 'ready'), {
    timeoutMs: START_MS,
  }).catch(() => 'late');
  if (started !== 'ready') {
    await end('SIGKILL');
    throw new Error(`${options.command} did not start (${started}): ${output()}`);
  }
  return { end, signal: (signal) => void child.kill(signal) };
}

/** Keeps the last 2,000 characters that the server printed, and lets the process end in spite of the pipes. */
function collectOutput(child: ChildProcess): () => string {
  let text = '';
  const take = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-2000);
  };
  child.once('error', (error) => take(Buffer.from(error.message)));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', take);
    unrefStream(stream);
  }
  child.unref();
  return () => text;
}
