import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createResampler, decodePcm16le, parseWavHeader } from '@earshot/audio';
import { SAMPLE_RATE } from '../sound/signal.ts';
import type { Voice } from './voices.ts';

const run = promisify(execFile);

/** How long a program may take for one line. */
const TIMEOUT_MS = 60_000;

/** Speaks lines with the installed programs. */
export interface Synthesizer {
  /** The line at `SAMPLE_RATE`, with whatever silence the program puts around it; spoken once and remembered. */
  speak(voice: Voice, line: string): Promise<Int16Array>;
  close(): Promise<void>;
}

/** The programs among those that are needed that are not installed. */
export async function missingPrograms(): Promise<string[]> {
  const missing: string[] = [];
  for (const [program, argument] of [
    ['flite', '-lv'],
    ['espeak-ng', '--version'],
  ] as const) {
    await run(program, [argument]).catch(() => missing.push(program));
  }
  return missing;
}

/** Opens a folder for what the programs write. */
export async function openSynthesizer(): Promise<Synthesizer> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-cuts-'));
  const spoken = new Map<string, Int16Array>();
  return {
    async speak(voice, line) {
      const key = [voice.program, voice.name, ...voice.settings, line].join('\n');
      const known = spoken.get(key);
      if (known !== undefined) return known;
      const file = join(folder, `${spoken.size}.wav`);
      await run(voice.program, programArguments(voice, line, file), { timeout: TIMEOUT_MS });
      const samples = atSampleRate(await readFile(file));
      await rm(file);
      spoken.set(key, samples);
      return samples;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function programArguments(voice: Voice, line: string, file: string): string[] {
  return voice.program === 'flite'
    ? ['-voice', voice.name, ...voice.settings, '-t', line, '-o', file]
    : ['-v', voice.name, ...voice.settings, '-w', file, line];
}

function atSampleRate(wav: Uint8Array): Int16Array {
  const { sampleRate, dataOffset, dataBytes } = parseWavHeader(wav);
  const end = Math.min(wav.length, dataOffset + dataBytes);
  const samples = decodePcm16le(wav.subarray(dataOffset, end - ((end - dataOffset) % 2)));
  if (sampleRate === SAMPLE_RATE) return samples;
  const resampler = createResampler(sampleRate, SAMPLE_RATE);
  const head = resampler.push(samples);
  const tail = resampler.flush();
  const all = new Int16Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
