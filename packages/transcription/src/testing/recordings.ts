import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Seconds of a 440 Hz tone, mono, as a file of the given kind; ffmpeg is told how by `options`. */
export async function toneFile(
  folder: string,
  file: { readonly name: string; readonly seconds: number; readonly options: readonly string[] },
): Promise<Uint8Array> {
  const path = join(folder, file.name);
  const source = `sine=frequency=440:sample_rate=48000:duration=${file.seconds}`;
  await execute('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...file.options, path]);
  return new Uint8Array(await readFile(path));
}
