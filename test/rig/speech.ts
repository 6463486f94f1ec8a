import { readFileSync } from 'node:fs';
import { decodePcm16le, parseWavHeader } from '@earshot/audio';

/** The first `seconds` of the project's spoken sample, 16 kHz. */
export function spokenSample(seconds: number): Int16Array {
  const wav = readFileSync(new URL('../fixtures/speech/consultation.wav', import.meta.url));
  const header = parseWavHeader(wav);
  const end = Math.min(wav.length, header.dataOffset + Math.round(seconds * header.sampleRate) * 2);
  return decodePcm16le(wav.subarray(header.dataOffset, end));
}
