import { freePort } from '../resources/free-port.ts';
import { temporaryFolder } from '../resources/temporary-folder.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { redisCommand } from './redis-command.ts';

/** Redis settings that tests vary; the rest is Redis' own default. */
export interface RedisOptions {
  readonly appendonly?: boolean;
  readonly maxmemoryPolicy?: string;
  /** As Redis writes it, e.g. `2mb`. */
  readonly maxmemory?: string;
}

/** A real redis-server on 127.0.0.1 with a folder of its own. */
export interface TestRedis {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** SIGKILL; what was not synced is lost, the folder stays for `restart`. */
  kill(): Promise<void>;
  /** Starts again on the same folder and port; a running server is first shut down in order. */
  restart(): Promise<void>;
  flushAll(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing is answered until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts redis-server (from PATH) and resolves when it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const folder = await temporaryFolder();
  const { port, server: first } = await startOnFreePort(options, folder.path);
  let server: ChildServer | undefined = first;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const ending = server;
    server = undefined;
    await ending?.end(signal);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      server = await start(options, folder.path, port);
    },
    flushAll: async () => {
      const answer = await redisCommand(port, 'FLUSHALL');
      if (!answer.startsWith('+OK')) throw new Error(`FLUSHALL answered ${answer}`);
    },
    pause: () => server?.signal('SIGSTOP'),
    resume: () => server?.signal('SIGCONT'),
    stop: async () => {
      server?.signal('SIGCONT');
      await end('SIGTERM');
      await folder.remove();
    },
  };
}

async function startOnFreePort(
  options: RedisOptions,
  folder: string,
): Promise<{ port: number; server: ChildServer }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { port, server: await start(options, folder, port) };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

function start(options: RedisOptions, folder: string, port: number): Promise<ChildServer> {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: options.appendonly === true ? 'yes' : 'no',
    'maxmemory-policy': options.maxmemoryPolicy ?? 'noeviction',
    ...(options.maxmemory === undefined ? {} : { maxmemory: options.maxmemory }),
  };
  return startChildServer({
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    folder,
    ready: async () => (await redisCommand(port, 'PING').catch(() => '')).startsWith('+PONG'),
  });
}
