import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What a program says first has no number. */
const Numbered = z.object({ id: z.int().optional() });

/** A program of the benchmark as a process of its own, which ends with this one. */
export interface BenchProgram {
  readonly pid: number;
  /** Sends a message and resolves to the one that comes back under the same `id`. */
  ask(message: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a file of `programs`; resolves, with what it says first, when it says something. */
export async function startProgram(
  name: 'ws-sink' | 'http-sink' | 'generator' | 'spinner',
  args: readonly string[] = [],
): Promise<{ program: BenchProgram; hello: Promise<unknown> }> {
  const file = fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
  const child = fork(file, [...args], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.setMaxListeners(0);
  const hello = answerTo(child, undefined);
  hello.catch(() => undefined);
  let asked = 0;
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const program = {
    pid: child.pid ?? 0,
    ask(message: object): Promise<unknown> {
      asked += 1;
      const answer = answerTo(child, asked);
      child.send({ ...message, id: asked });
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

function answerTo(child: ChildProcess, id: number | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('a program of the benchmark ended'));
    const read = (message: unknown): void => {
      if (Numbered.parse(message).id !== id) return;
      child.off('exit', gone);
      child.off('message', read);
      resolve(message);
    };
    child.once('exit', gone);
    child.on('message', read);
  });
}
