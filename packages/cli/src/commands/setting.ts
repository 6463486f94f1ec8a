import { readFile } from 'node:fs/promises';
import {
  type CallsClient,
  createCallsClient,
  createEarshotClient,
  type EarshotClient,
} from '@earshot/client';
import type { ProgressTarget } from '../terminal/progress.ts';

/** Where results go. The callback hears when the bytes are out of our hands. */
interface Output {
  write(data: string | Uint8Array, done?: (error?: Error | null) => void): unknown;
}

/** What a command may know of the process that runs it. */
export interface Setting {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: ProgressTarget;
}

/** Options that every command with a server has. */
export interface ServerOptions {
  readonly url?: string;
  readonly keyFile?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_CALLS_PORT = 8081;

/** Where `npm start` leaves the key of its own server, seen from the built file. */
const LOCAL_KEY_FILE = new URL('../../../../.earshot/data/api-key', import.meta.url);

/** Builds the client from options, then EARSHOT_URL and EARSHOT_API_KEY, then the key of `npm start`. */
export async function connect(setting: Setting, options: ServerOptions): Promise<EarshotClient> {
  const port = setting.env['EARSHOT_PORT'];
  const local = port === undefined || port === '' ? DEFAULT_URL : `http://127.0.0.1:${port}`;
  const baseUrl = options.url ?? (setting.env['EARSHOT_URL'] || local);
  return createEarshotClient({ baseUrl, apiKey: await findKey(setting, options) });
}

/** The same for the calls service: options, then EARSHOT_CALLS_URL, then this machine. */
export async function connectCalls(setting: Setting, options: ServerOptions): Promise<CallsClient> {
  const baseUrl = options.url ?? callsUrl(setting.env);
  return createCallsClient({ baseUrl, apiKey: await findKey(setting, options) });
}

/** Where the calls service is: beside a server with a port of its own, as `npm start` puts it there. */
export function callsUrl(env: Setting['env']): string {
  const port = env['EARSHOT_PORT'] ? Number(env['EARSHOT_PORT']) + 1 : DEFAULT_CALLS_PORT;
  return env['EARSHOT_CALLS_URL'] || `http://127.0.0.1:${env['EARSHOT_CALLS_PORT'] || port}`;
}

async function findKey(setting: Setting, options: ServerOptions): Promise<string> {
  if (options.keyFile !== undefined) return (await readFile(options.keyFile, 'utf8')).trim();
  const given = setting.env['EARSHOT_API_KEY'] || setting.env['EARSHOT_BOOTSTRAP_KEY'];
  if (given) return given;
  const folder = setting.env['EARSHOT_DATA_DIR'];
  try {
    return (await readFile(folder ? `${folder}/api-key` : LOCAL_KEY_FILE, 'utf8')).trim();
  } catch {
    throw new Error('No API key: set EARSHOT_API_KEY, or give a file with --key-file.');
  }
}
