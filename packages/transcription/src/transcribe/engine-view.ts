import { setImmediate } from 'node:timers/promises';
import {
  createResampler,
  decodeAlaw,
  decodeFloat32le,
  decodeMulaw,
  decodePcm16le,
  parseWavHeader,
  rmsDb,
} from '@earshot/audio';
import { EarshotError } from '@earshot/protocol';
import { ENGINE_SAMPLE_RATE } from '../engine/engine.ts';

/** Below this level in its loudest tenth of a second, dB relative to full scale, a segment holds no voice. */
export const ENERGY_FLOOR_DB = -70;

/** Samples of a mono WAV with their rate; throws EarshotError `invalid_audio_format` for other files. */
export function samplesOfWav(wav: Uint8Array): { samples: Int16Array; sampleRate: number } {
  const header = parseWavHeader(wav);
  const bytes = wav.subarray(header.dataOffset, header.dataOffset + header.dataBytes);
  if (header.channels !== 1) throw new EarshotError('invalid_audio_format');
  switch (header.format) {
    case 'pcm16':
      return { samples: decodePcm16le(bytes.subarray(0, bytes.length & ~1)), sampleRate: header.sampleRate };
    case 'mulaw':
      return { samples: decodeMulaw(bytes), sampleRate: header.sampleRate };
    case 'alaw':
      return { samples: decodeAlaw(bytes), sampleRate: header.sampleRate };
    case 'float32':
      return {
        samples: decodeFloat32le(bytes.subarray(0, bytes.length & ~3)),
        sampleRate: header.sampleRate,
      };
    case 'other':
      throw new EarshotError('invalid_audio_format');
  }
}

/** The 16 kHz view that engines take; what is stored stays at its own rate. Lets others run between seconds. */
export async function engineView(samples: Int16Array, sampleRate: number): Promise<Int16Array> {
  if (sampleRate === ENGINE_SAMPLE_RATE) return samples;
  const resampler = createResampler(sampleRate, ENGINE_SAMPLE_RATE);
  const parts: Int16Array[] = [];
  for (let at = 0; at < samples.length; at += sampleRate) {
    parts.push(resampler.push(samples.subarray(at, at + sampleRate)));
    await setImmediate();
  }
  parts.push(resampler.flush());
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Level of the loudest tenth of a second, dB: one short word in a long silence still counts. */
export function peakLevelDb(samples: Int16Array, sampleRate: number): number {
  const window = Math.max(1, Math.round(sampleRate / 10));
  let loudest = -120;
  for (let at = 0; at < samples.length; at += window) {
    loudest = Math.max(loudest, rmsDb(samples.subarray(at, at + window)));
  }
  return loudest;
}
