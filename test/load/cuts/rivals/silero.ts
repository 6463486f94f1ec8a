import { createRequire } from 'node:module';
import { createResampler } from '@earshot/audio';
import { SAMPLE_RATE } from '../sound/signal.ts';

/** The part of onnxruntime that is used here. */
interface Tensor {
  readonly data: unknown;
}
interface Session {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}
interface Runtime {
  readonly InferenceSession: { create(path: string, options: object): Promise<Session> };
  readonly Tensor: new (type: string, data: Float32Array | BigInt64Array, dims: readonly number[]) => Tensor;
}

/** Samples that the network is given at a time, and so many of those before. */
export const SILERO_FRAME = 512;
const CONTEXT = 64;
const STATE = 128;
/** What the worker's package brings along where it could be installed. */
const LIBRARY = 'onnxruntime-node';
const NETWORK = '@ricky0123/vad-web/dist/silero_vad_v6.onnx';

/** Hears tracks of 16 kHz side by side: the probability of speech in each frame of each. */
export type Silero = (tracks: readonly Int16Array[]) => Promise<number[][]>;

function isRuntime(value: unknown): value is Runtime {
  return typeof value === 'object' && value !== null && 'InferenceSession' in value && 'Tensor' in value;
}

let opened: Promise<Silero | undefined> | undefined;

/** The network that the worker's speech check uses, once for a thread; undefined where that is not installed. */
export function openSilero(): Promise<Silero | undefined> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Silero | undefined> {
  const require = createRequire(createRequire(import.meta.url).resolve('@earshot/transcription'));
  try {
    const runtime: unknown = require(LIBRARY);
    if (!isRuntime(runtime)) return undefined;
    const path = require.resolve(NETWORK);
    const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
    const session = await runtime.InferenceSession.create(path, threads);
    return (tracks) => hear({ runtime, session }, tracks);
  } catch {
    return undefined;
  }
}

async function hear(
  { runtime: { Tensor }, session }: { readonly runtime: Runtime; readonly session: Session },
  tracks: readonly Int16Array[],
): Promise<number[][]> {
  const count = tracks.length;
  const scores = tracks.map((): number[] => []);
  const frames = Math.max(...tracks.map((track) => Math.ceil(track.length / SILERO_FRAME)));
  const sr = new Tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), []);
  let state = new Tensor('float32', new Float32Array(2 * count * STATE), [2, count, STATE]);
  for (let frame = 0; frame < frames; frame += 1) {
    const input = new Float32Array(count * (CONTEXT + SILERO_FRAME));
    for (const [index, track] of tracks.entries()) {
      const from = frame * SILERO_FRAME - CONTEXT;
      const piece = track.subarray(Math.max(0, from), from + CONTEXT + SILERO_FRAME);
      const offset = index * (CONTEXT + SILERO_FRAME) + Math.max(0, -from);
      for (let sample = 0; sample < piece.length; sample += 1)
        input[offset + sample] = piece[sample]! / 32_768;
    }
    const feed = new Tensor('float32', input, [count, CONTEXT + SILERO_FRAME]);
    const answer = await session.run({ input: feed, state, sr });
    const output = answer['output']?.data;
    for (const [index, list] of scores.entries()) {
      list.push(output instanceof Float32Array ? output[index]! : 0);
    }
    state = answer['stateN'] ?? state;
  }
  return scores;
}

/** A telephone's samples at the rate that the network knows. */
export function atFullRate(samples: Int16Array, sampleRate: number): Int16Array {
  if (sampleRate === SAMPLE_RATE) return samples;
  const resampler = createResampler(sampleRate, SAMPLE_RATE);
  const head = resampler.push(samples);
  const full = new Int16Array(Math.round((samples.length * SAMPLE_RATE) / sampleRate));
  full.set(head.subarray(0, full.length));
  full.set(resampler.flush().subarray(0, Math.max(0, full.length - head.length)), head.length);
  return full;
}
