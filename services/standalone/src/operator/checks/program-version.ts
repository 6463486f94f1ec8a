import { execFile } from 'node:child_process';

const TIMEOUT_MS = 10_000;

/** First line that a program prints about itself; undefined when it cannot be run. */
export function programVersion(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? stdout.split('\n', 1)[0] : undefined);
    });
  });
}
