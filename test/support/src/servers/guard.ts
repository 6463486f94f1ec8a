import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** `$1` is the process to kill and `$2` the folder to remove once standard input ends. */
const SCRIPT = `trap '' INT TERM HUP; cat >/dev/null; kill -9 "$1"; rm -rf "$2"`;

/**
 * Starts a shell that kills a process and removes its folder as soon as this process is gone, however it went: a hook
 * on 'exit' would miss SIGKILL, and Jest gives tests a copy of `process` whose hooks never run.
 */
export function startGuard(pid: number, folder: string): ChildProcess {
  const guard = spawn('sh', ['-c', SCRIPT, 'guard', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  unrefStream(guard.stdin);
  guard.stdin.on('error', () => undefined);
  return guard;
}

/** Lets the process end although this pipe of a child is open. */
export function unrefStream(stream: unknown): void {
  if (stream instanceof Socket) stream.unref();
}
