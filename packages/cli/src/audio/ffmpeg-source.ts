import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** Samples per second of what ffmpeg hands back. */
export const DECODED_SAMPLE_RATE = 16_000;
const ERROR_CHARACTERS = 2000;

/** Decodes any file that ffmpeg knows to PCM16LE mono. Reading it rejects when ffmpeg is missing or fails. */
export async function* decodedPieces(path: string): AsyncGenerator<Uint8Array> {
  const input = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file,pipe'];
  const output = [
    '-map',
    '0:a:0',
    '-vn',
    '-ac',
    '1',
    '-ar',
    `${DECODED_SAMPLE_RATE}`,
    '-f',
    's16le',
    'pipe:1',
  ];
  const child = spawn('ffmpeg', [...input, '-i', `file:${resolve(path)}`, ...output], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-ERROR_CHARACTERS);
  });
  const ended = new Promise<number | null>((settle, reject) => {
    child.once('error', (cause) => {
      reject(new Error('This file needs ffmpeg to be read, and ffmpeg cannot be run.', { cause }));
    });
    child.once('close', settle);
  });
  // Awaited below; until then a failure must not count as unhandled.
  ended.catch(() => undefined);
  try {
    for await (const piece of child.stdout) {
      if (piece instanceof Uint8Array) yield piece;
    }
    const code = await ended;
    if (code !== 0) throw new Error(`ffmpeg could not read the file: ${said.trim()}`);
  } finally {
    child.kill('SIGKILL');
  }
}
