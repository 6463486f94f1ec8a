import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A program of the benchmark as a process of its own, which ends with this one. */
export interface BenchProgram {
  readonly pid: number;
  /** Sends a message and resolves to the next one that comes back. One question at a time. */
  ask(message: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a file of `programs`; resolves, with what it says first, when it says something. */
export async function startProgram(
  name: 'ws-sink' | 'http-sink' | 'generator',
  args: readonly string[] = [],
): Promise<{ program: BenchProgram; hello: Promise<unknown> }> {
  const file = fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
  const child = fork(file, [...args], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const hello = nextMessage(child);
  hello.catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const program = {
    pid: child.pid ?? 0,
    ask(message: unknown): Promise<unknown> {
      const answer = nextMessage(child);
      child.send(message as object);
      return answer;
    },
    stop(): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      });
    },
  };
  return { program, hello };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('a program of the benchmark ended'));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message);
    });
  });
}
