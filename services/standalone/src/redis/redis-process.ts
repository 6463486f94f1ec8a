import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** A redis-server that runs as our child. */
export interface RedisProcess {
  /** Resolves when it has ended, with what it last said. */
  readonly exited: Promise<string>;
  /** Lets it save and end; kills it after 10 s. */
  stop(): Promise<void>;
}

export interface RedisPlace {
  readonly port: number;
  readonly password: string;
  /** Where it keeps its append-only file. */
  readonly folder: string;
}

const STOP_MS = 10_000;
const KEPT_OUTPUT = 2000;

/** Ends `$1` once our end of the pipe is gone, however we went. */
const GUARD = 'cat >/dev/null; kill -TERM "$1"';

/**
 * Starts redis-server on loopback with an append-only file and no eviction. It has a session of its own, so
 * Ctrl-C reaches us first and the queue outlives the drain; a guard ends it when this process dies.
 */
export function startRedisProcess(place: RedisPlace): RedisProcess {
  const child = spawn('redis-server', ['-'], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(redisConfig(place));
  const guard = child.pid === undefined ? undefined : startGuard(child.pid);
  const output = keepOutput(child);
  const exited = new Promise<string>((resolve) => {
    const end = () => {
      guard?.release();
      resolve(output());
    };
    child.once('error', () => resolve('redis-server cannot be run: install the package redis-server'));
    child.once('close', end);
  });
  return {
    exited,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

/** The settings, given on standard input: a password in the arguments could be seen by every user. */
export function redisConfig({ port, password, folder }: RedisPlace): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    'loglevel warning',
    '',
  ].join('\n');
}

/** Ends the process when we die; `release` when there is nothing left to end. */
function startGuard(pid: number): { release(): void } {
  const guard = spawn('sh', ['-c', GUARD, 'guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return {
    release() {
      // First the shell, so that it does not act, then the pipe, so that its cat ends.
      guard.kill('SIGKILL');
      guard.stdin.destroy();
    },
  };
}

function keepOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    });
  }
  return () => text.trim();
}
