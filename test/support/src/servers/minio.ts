import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { get } from 'node:http';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../resources/free-port.ts';
import { temporaryFolder } from '../resources/temporary-folder.ts';
import { type ChildServer, startChildServer } from './child-server.ts';

/** A real MinIO server on 127.0.0.1, empty: whoever uses `bucket` creates it first. */
export interface TestMinio {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A bucket name that does not exist yet. */
  readonly bucket: string;
  /** SIGKILL; the folder stays for `restart`. */
  kill(): Promise<void>;
  /** Starts again on the same folder and port. */
  restart(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts MinIO and resolves when it answers; null, after one line on standard error, when no binary is found in
 * EARSHOT_TEST_MINIO, `~/.cache/earshot/bin/minio` or PATH.
 */
export async function startMinio(): Promise<TestMinio | null> {
  const binary = await findBinary();
  if (binary === null) {
    process.stderr.write('S3 tests are skipped: no minio binary (set EARSHOT_TEST_MINIO to its path)\n');
    return null;
  }
  const folder = await temporaryFolder();
  const port = await freePort();
  const credentials = { user: 'earshot-test', password: randomBytes(12).toString('hex') };
  const start = (): Promise<ChildServer> => startOn({ binary, port, folder: folder.path, ...credentials });
  let server: ChildServer | undefined = await start();
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const ending = server;
    server = undefined;
    await ending?.end(signal);
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    accessKeyId: credentials.user,
    secretAccessKey: credentials.password,
    bucket: `earshot-${randomBytes(6).toString('hex')}`,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      server = await start();
    },
    stop: async () => {
      await end('SIGTERM');
      await folder.remove();
    },
  };
}

interface MinioStart {
  readonly binary: string;
  readonly port: number;
  readonly folder: string;
  readonly user: string;
  readonly password: string;
}

function startOn({ binary, port, folder, user, password }: MinioStart): Promise<ChildServer> {
  return startChildServer({
    command: binary,
    args: ['server', join(folder, 'data'), '--address', `127.0.0.1:${port}`, '--quiet'],
    environment: {
      MINIO_ROOT_USER: user,
      MINIO_ROOT_PASSWORD: password,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      // Its certificates and settings belong to this server alone.
      HOME: folder,
    },
    folder,
    ready: () => isHealthy(port),
  });
}

async function findBinary(): Promise<string | null> {
  const named = process.env['EARSHOT_TEST_MINIO'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [
    ...(named === undefined || named === '' ? [] : [named]),
    join(homedir(), '.cache', 'earshot', 'bin', 'minio'),
    ...folders.map((folder) => join(folder, 'minio')),
  ];
  for (const path of candidates) {
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return null;
}

/** Its health page says yes before accounts are loaded; only then are strangers refused instead of put off (503). */
function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/', agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 403);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
