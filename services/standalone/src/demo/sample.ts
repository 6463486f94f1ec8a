import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodePcm16le, parseWavHeader } from '@earshot/audio';

/** Recorded speech and what was said. */
export interface SpeechSample {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly text: string;
}

/** Reads `{name}.wav` (PCM16 mono) and `{name}.txt` of a folder. */
export async function readSample(folder: string, name: string): Promise<SpeechSample> {
  const bytes = await readFile(join(folder, `${name}.wav`));
  const { sampleRate, dataOffset, dataBytes } = parseWavHeader(bytes);
  const samples = decodePcm16le(bytes.subarray(dataOffset, dataOffset + dataBytes));
  return { samples, sampleRate, text: await readFile(join(folder, `${name}.txt`), 'utf8') };
}
