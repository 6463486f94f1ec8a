import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../resources/temporary-folder.ts';

/** A flite voice and the rate of the result, Hz. */
export interface SpeechOptions {
  readonly voice?: 'slt' | 'kal' | 'kal16' | 'awb' | 'rms';
  readonly sampleRate?: number;
}

/** Speaks a text with ffmpeg's flite source; rejects with ffmpeg's own words when that is not built in. */
export async function synthesizeSpeech(text: string, options: SpeechOptions = {}): Promise<Int16Array> {
  const { voice = 'slt', sampleRate = 16_000 } = options;
  const folder = await temporaryFolder();
  try {
    // A file spares the text two layers of filter-graph escaping.
    const file = join(folder.path, 'text.txt');
    await writeFile(file, text);
    const source = `flite=textfile=${file}:voice=${voice}`;
    const output = ['-f', 's16le', '-ac', '1', '-ar', String(sampleRate), 'pipe:1'];
    const bytes = await runFfmpeg(['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', source, ...output]);
    return new Int16Array(new Uint8Array(bytes).buffer);
  } finally {
    await folder.remove();
  }
}

function runFfmpeg(args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else
        reject(
          new Error(`ffmpeg ended with ${code ?? 'a signal'}: ${Buffer.concat(errors).toString('utf8')}`),
        );
    });
  });
}
