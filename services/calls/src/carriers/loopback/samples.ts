import { createResampler, decodePcm16le, parseWavHeader } from '@earshot/audio';
import { EarshotError, LIMITS } from '@earshot/protocol';

export interface SampleOptions {
  /** WAV files by the names that addresses use; 16-bit, mono, any rate. */
  readonly samples: Readonly<Record<string, string>>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

/**
 * Recorded speech by name, 16 kHz, read once; null is `sample`, or the first by name. Rejects with `invalid_request` for
 * a name that is not configured.
 */
export function createSampleReader({
  samples,
  readFile,
}: SampleOptions): (name: string | null) => Promise<Int16Array> {
  const known = new Map<string, Promise<Int16Array>>();
  const names = Object.keys(samples).sort();
  const usual = names.includes('sample') ? 'sample' : names[0];
  return (choice) => {
    const name = choice ?? usual ?? 'sample';
    const path = Object.hasOwn(samples, name) ? samples[name] : undefined;
    if (path === undefined) {
      return Promise.reject(
        new EarshotError('invalid_request', { message: 'The loopback carrier has no sample of that name.' }),
      );
    }
    const reading = known.get(name) ?? readFile(path).then(speechOf);
    known.set(name, reading);
    reading.catch(() => known.delete(name));
    return reading.catch((cause: unknown) => {
      throw new EarshotError('carrier_failed', { message: 'The sample cannot be read.', cause });
    });
  };
}

function speechOf(bytes: Uint8Array): Int16Array {
  const { format, channels, sampleRate, dataOffset, dataBytes } = parseWavHeader(bytes);
  if (format !== 'pcm16' || channels !== 1) throw new Error('a sample is 16-bit and mono');
  const samples = decodePcm16le(bytes.subarray(dataOffset, dataOffset + dataBytes));
  const resampler = createResampler(sampleRate, LIMITS.callSampleRate);
  const start = resampler.push(samples);
  const rest = resampler.flush();
  const speech = new Int16Array(start.length + rest.length);
  speech.set(start);
  speech.set(rest, start.length);
  return speech;
}
