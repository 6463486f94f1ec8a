import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import {
  CONTEXT_SAMPLES,
  FRAME_SAMPLES,
  holdsSpeech,
  loudestStretches,
  type Stretch,
  wholeStretch,
  writeFrame,
} from './probes.ts';
import { CheckRequest, type ThreadMessage, ThreadSettings } from './silero-messages.ts';
import type { SpeechFinding } from './speech-check.ts';

/** The part of onnxruntime that is used here. */
interface Tensor {
  readonly data: unknown;
}
interface Runtime {
  InferenceSession: { create(path: string, options: object): Promise<Session> };
  Tensor: new (type: string, data: Float32Array | BigInt64Array, dims: readonly number[]) => Tensor;
}
interface Session {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}

const STATE_SIZE = 128;
const INPUT_SIZE = CONTEXT_SAMPLES + FRAME_SAMPLES;

function isRuntime(value: unknown): value is Runtime {
  return typeof value === 'object' && value !== null && 'InferenceSession' in value && 'Tensor' in value;
}

const settings = ThreadSettings.parse(workerData);
const runtime: unknown = createRequire(import.meta.url)(settings.library);
if (!isRuntime(runtime)) throw new TypeError('this module is no onnxruntime');
const { InferenceSession, Tensor } = runtime;
const session = await InferenceSession.create(settings.modelPath, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const sampleRate = new Tensor('int64', BigInt64Array.of(16_000n), []);

const floatsOf = (tensor: Tensor | undefined): Float32Array =>
  tensor?.data instanceof Float32Array ? tensor.data : new Float32Array(0);

/** Speech probabilities of stretches of equal length, side by side in one batch; each from a fresh state. */
async function probabilitiesOf(samples: Int16Array, stretches: readonly Stretch[]): Promise<number[][]> {
  const count = stretches.length;
  const probabilities = stretches.map((): number[] => []);
  let state: Tensor = new Tensor('float32', new Float32Array(2 * count * STATE_SIZE), [2, count, STATE_SIZE]);
  for (let frame = 0; frame < (stretches[0]?.frames ?? 0); frame += 1) {
    const input = new Float32Array(count * INPUT_SIZE);
    for (const [i, { start }] of stretches.entries()) {
      writeFrame(
        samples,
        start + frame * FRAME_SAMPLES,
        input.subarray(i * INPUT_SIZE, (i + 1) * INPUT_SIZE),
      );
    }
    const answer = await session.run({
      input: new Tensor('float32', input, [count, INPUT_SIZE]),
      state,
      sr: sampleRate,
    });
    const scores = floatsOf(answer['output']);
    for (const [i, list] of probabilities.entries()) list.push(scores[i] ?? 0);
    state = answer['stateN'] ?? state;
  }
  return probabilities;
}

async function look(samples: Int16Array): Promise<SpeechFinding> {
  if (samples.length === 0) return { speech: false, probability: 0, coverage: 'whole' };
  const probes = await probabilitiesOf(samples, loudestStretches(samples));
  if (probes.some(holdsSpeech))
    return { speech: true, probability: Math.max(...probes.flat()), coverage: 'probes' };
  const [whole = []] = await probabilitiesOf(samples, [wholeStretch(samples.length)]);
  return { speech: holdsSpeech(whole), probability: Math.max(...whole), coverage: 'whole' };
}

const tell = (message: ThreadMessage): void => {
  parentPort?.postMessage(message);
};

// The model runs on the calling thread inside `run`, so requests simply take turns.
parentPort?.on('message', (message: unknown) => {
  const { id, samples } = CheckRequest.parse(message);
  look(samples).then(
    (finding) => tell({ kind: 'found', id, finding }),
    () => tell({ kind: 'failed', id }),
  );
});
tell({ kind: 'ready' });
