import { durationMs, padded, refuseTooLong } from '../../engine/audio-length.ts';
import {
  type AudioSegment,
  ENGINE_SAMPLE_RATE,
  type Engine,
  type EngineCapabilities,
  type EngineIdentity,
  type EngineResult,
  type EngineWord,
} from '../../engine/engine.ts';
import { EngineError, throwIfAborted } from '../../engine/engine-error.ts';
import { segmentsFromWords, tidySegments } from '../../engine/timing.ts';
import { runBatch } from './batch.ts';
import { checkModel, DEBIAN_MODEL_FOLDER } from './installation.ts';
import { type Utterance, utterancesOf } from './utterances.ts';

export interface PocketsphinxOptions {
  /** Program name or path. */
  readonly binary?: string;
  readonly modelDir?: string;
  /** Where each job gets its private folder. */
  readonly tempDir?: string;
  /** Multiplies the time limit (3 x audio length + 10 s) on a busy machine. */
  readonly loadAllowance?: number;
}

const CAPABILITIES: EngineCapabilities = {
  words: true,
  segments: true,
  confidence: 'none',
  languages: ['en'],
  detectsLanguage: false,
  prompt: false,
  temperature: false,
  maxSeconds: 60,
  trueCancel: true,
};
const IDENTITY: EngineIdentity = { engine: 'pocketsphinx', model: 'en-us', version: 'system' };

/** Silence around each utterance: on tightly cut sentences it took the error rate from 8.7 to 6.0 %. */
const PAD = { beforeMs: 200, afterMs: 300 };
/** A silence as long as this ends a segment of the result. */
const SEGMENT_PAUSE_MS = 500;
const READY_SAMPLES = ENGINE_SAMPLE_RATE / 2;

/**
 * The embedded English engine: one `pocketsphinx_batch` process per job, offline, lower case, no punctuation.
 * Batch decoding normalises over the whole utterance, which the streaming programs of the same project do not.
 */
export function createPocketsphinxEngine(options: PocketsphinxOptions = {}): Engine {
  const modelDir = options.modelDir ?? DEBIAN_MODEL_FOLDER;
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  const decode = async (samples: Int16Array, signal: AbortSignal): Promise<EngineWord[]> => {
    const utterances = utterancesOf(samples, CAPABILITIES.maxSeconds);
    const seconds = samples.length / ENGINE_SAMPLE_RATE;
    const job = runBatch({
      binary: options.binary ?? 'pocketsphinx_batch',
      modelDir,
      tempDir: options.tempDir,
      timeoutMs: Math.ceil((3000 * seconds + 10_000) * (options.loadAllowance ?? 4)),
      utterances: utterances.map((utterance) => padded(utterance.samples, PAD)),
      signal: AbortSignal.any([signal, closing.signal]),
    });
    const settled = job.then(
      () => undefined,
      () => undefined,
    );
    running.add(settled);
    void settled.then(() => running.delete(settled));
    const words = await job;
    return utterances.flatMap((utterance, index) => wordsIn(utterance, words[index] ?? []));
  };

  return {
    identity: IDENTITY,
    capabilities: CAPABILITIES,
    async ready(signal) {
      await checkModel(modelDir);
      await decode(new Int16Array(READY_SAMPLES), signal).catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.fault.kind !== 'crashed') throw error;
        const cause = `pocketsphinx_batch cannot use the model in ${modelDir} (${error.fault.exit}).`;
        throw new EngineError({ kind: 'misconfigured', cause }, { cause: error });
      });
    },
    async transcribe(audio, _options, signal) {
      throwIfAborted(signal);
      throwIfAborted(closing.signal);
      refuseTooLong(audio, CAPABILITIES);
      const words = audio.samples.length === 0 ? [] : await decode(audio.samples, signal);
      return resultOf(words, audio);
    },
    async close() {
      closing.abort();
      await Promise.all(running);
    },
  };
}

/** Words of an utterance in the time of the segment, without those that were heard in the silence around it. */
function wordsIn({ firstSample, samples }: Utterance, words: readonly EngineWord[]): EngineWord[] {
  const start = (1000 * firstSample) / ENGINE_SAMPLE_RATE;
  const end = start + (1000 * samples.length) / ENGINE_SAMPLE_RATE;
  const shift = start - PAD.beforeMs;
  return words
    .map((word) => ({ ...word, startMs: word.startMs + shift, endMs: word.endMs + shift }))
    .filter((word) => word.startMs < end && word.endMs > start)
    .map((word) => ({ ...word, startMs: Math.max(start, word.startMs), endMs: Math.min(end, word.endMs) }));
}

function resultOf(words: readonly EngineWord[], audio: AudioSegment): EngineResult {
  return {
    ...IDENTITY,
    language: 'en',
    text: words.map((word) => word.text).join(' '),
    segments: tidySegments(segmentsFromWords(words, SEGMENT_PAUSE_MS), durationMs(audio)),
    timing: 'word',
  };
}
