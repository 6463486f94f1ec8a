import { open } from 'node:fs/promises';
import { wavHeader } from '@earshot/client';

const HEADER_BYTES = 44;

/** A WAV file that grows: PCM16 mono. */
export interface WavFile {
  /** Adds samples; one call at a time. */
  write(samples: Int16Array): Promise<void>;
  /** Writes the header that fits, and closes. Without it readers see a file of unknown length. */
  finish(): Promise<void>;
}

/** Creates the file, or empties the one that is there. */
export async function createWavFile(path: string, sampleRate: number): Promise<WavFile> {
  const file = await open(path, 'w');
  let at = HEADER_BYTES;
  await file.write(wavHeader(sampleRate, 0), 0, HEADER_BYTES, 0);
  return {
    async write(samples) {
      const bytes = pcmBytes(samples);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at);
        done += bytesWritten;
        at += bytesWritten;
      }
    },
    async finish() {
      try {
        await file.write(wavHeader(sampleRate, at - HEADER_BYTES), 0, HEADER_BYTES, 0);
      } finally {
        await file.close();
      }
    },
  };
}

/** Samples as PCM16LE. */
export function pcmBytes(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [at, sample] of samples.entries()) view.setInt16(at * 2, sample, true);
  return bytes;
}
