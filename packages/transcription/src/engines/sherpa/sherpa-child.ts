import { createRequire } from 'node:module';
import { type ChildMessage, PoolMessage } from './messages.ts';

/** The part of sherpa-onnx that is used here. */
interface Recognizer {
  createStream(): { acceptWaveform(wave: { sampleRate: number; samples: Float32Array }): void };
  decodeAsync(stream: unknown): Promise<unknown>;
}
interface Library {
  OfflineRecognizer: { createAsync(config: Readonly<Record<string, unknown>>): Promise<Recognizer> };
}

const SAMPLE_RATE = 16_000;

/** The recogniser must show that it works: a second of faint noise. */
const PROBE = Int16Array.from({ length: SAMPLE_RATE }, (_, i) => ((i * 7919) % 65) - 32);

function isLibrary(value: unknown): value is Library {
  return (
    typeof value === 'object' &&
    value !== null &&
    'OfflineRecognizer' in value &&
    typeof value.OfflineRecognizer === 'function' &&
    'createAsync' in value.OfflineRecognizer
  );
}

/** An optional dependency, so it is looked up when it is wanted. */
function loadLibrary(name: string): Library | undefined {
  try {
    const library: unknown = createRequire(import.meta.url)(name);
    return isLibrary(library) ? library : undefined;
  } catch {
    return undefined;
  }
}

const tell = (message: ChildMessage): void => {
  process.send?.(message);
};

async function decode(recognizer: Recognizer, samples: Int16Array): Promise<unknown> {
  const stream = recognizer.createStream();
  stream.acceptWaveform({
    sampleRate: SAMPLE_RATE,
    samples: Float32Array.from(samples, (sample) => sample / 32_768),
  });
  return recognizer.decodeAsync(stream);
}

let recognizer: Recognizer | undefined;

async function load(message: Extract<PoolMessage, { kind: 'load' }>): Promise<ChildMessage> {
  const library = loadLibrary(message.library);
  if (library === undefined) return { kind: 'unready', what: 'library' };
  try {
    recognizer = await library.OfflineRecognizer.createAsync(message.config);
    await decode(recognizer, PROBE);
    return { kind: 'ready' };
  } catch {
    return { kind: 'unready', what: 'model' };
  }
}

async function answer(message: PoolMessage): Promise<ChildMessage> {
  if (message.kind === 'load') return load(message);
  try {
    return recognizer === undefined
      ? { kind: 'refused' }
      : { kind: 'result', result: await decode(recognizer, message.samples) };
  } catch {
    return { kind: 'refused' };
  }
}

process.on('message', (message: unknown) => {
  void answer(PoolMessage.parse(message)).then(tell);
});
// Without its parent there is nobody to work for.
process.on('disconnect', () => process.exit(0));
