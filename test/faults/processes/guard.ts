import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of one run and the processes that belong to it; both go when the rig goes, however it goes. */
export interface RunFolder {
  readonly path: string;
  /** The process is killed should the rig die first. */
  adopt(pid: number): Promise<void>;
  release(pid: number): Promise<void>;
  /** `keep` leaves the files for whoever looks into a failure. */
  close(options?: { keep?: boolean }): Promise<void>;
}

/** `$1` is the folder: once standard input ends, the processes named in it are killed and it is removed. */
const SCRIPT = `trap '' INT TERM HUP; cat >/dev/null; for f in "$1"/pids/*; do kill -9 "\${f##*/}" 2>/dev/null; done; rm -rf "$1"`;

/** Makes a folder under the system's temporary one, with a shell that outlives us to clean up. */
export async function openRunFolder(): Promise<RunFolder> {
  const path = await mkdtemp(join(tmpdir(), 'earshot-faults-'));
  const pids = join(path, 'pids');
  await mkdir(pids);
  const guard: ChildProcess = spawn('sh', ['-c', SCRIPT, 'guard', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.stdin?.on('error', () => undefined);
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return {
    path,
    adopt: (pid) => writeFile(join(pids, String(pid)), ''),
    release: (pid) => unlink(join(pids, String(pid))).catch(() => undefined),
    close: async ({ keep = false } = {}) => {
      guard.kill('SIGKILL');
      if (!keep) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
