import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A form with one file, as a browser sends it. */
export function formOf(
  bytes: Uint8Array,
  { type = 'audio/wav', name = 'greeting.wav', field = 'audio' } = {},
): FormData {
  const form = new FormData();
  form.set(field, new Blob([bytes.slice()], { type }), name);
  return form;
}

/** A file that ffmpeg makes from one of its own sources. */
export async function madeFile(
  name: string,
  source: string,
  options: readonly string[] = [],
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const path = join(folder, name);
  await execute('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...options, path]);
  const bytes = new Uint8Array(await readFile(path));
  await rm(folder, { recursive: true });
  return bytes;
}

/** Seconds of a 440 Hz tone at 48 kHz, as a file of the kind that its name says. */
export function toneFile(
  name: string,
  seconds: number,
  options: readonly string[] = [],
): Promise<Uint8Array> {
  return madeFile(name, `sine=frequency=440:sample_rate=48000:duration=${seconds}`, options);
}
