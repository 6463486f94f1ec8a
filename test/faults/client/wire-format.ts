import { computedAudio } from '@earshot/test-support';

/** How a session's audio crosses the socket. */
export interface WireFormat {
  readonly sampleRate: number;
  /** What opens every connection. */
  readonly opening: readonly string[];
  message(samples: Int16Array): string | Buffer;
}

/** Bare PCM16LE messages, 16 kHz. */
export const rawFormat: WireFormat = { sampleRate: 16_000, opening: [], message: (samples) => pcm(samples) };

/** JSON frames with base64, which declare 8 kHz. */
export const envelopeFormat: WireFormat = {
  sampleRate: 8000,
  opening: [
    JSON.stringify({
      event: 'start',
      start: { mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000, channels: 1 } },
    }),
  ],
  message: (samples) =>
    JSON.stringify({ event: 'media', media: { payload: pcm(samples).toString('base64') } }),
};

/** One message with a range of a session's computed audio. */
export function audioMessage(
  format: WireFormat,
  { seed, from, samples }: { seed: number; from: number; samples: number },
): string | Buffer {
  return format.message(computedAudio(seed, from, samples));
}

function pcm(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, index * 2);
  return bytes;
}
