import type { ModelId, SegmentEntry, SegmentResult } from '@earshot/protocol';
import { ENGINE_SAMPLE_RATE, type Engine, type EngineIdentity, type EngineResult } from '../engine/engine.ts';
import { EngineError, throwIfAborted } from '../engine/engine-error.ts';
import { isLoop } from '../guard/repetition.ts';
import type { SpeechCheck } from '../speech-check/speech-check.ts';
import { cleanResult } from './cleaning.ts';
import { ENERGY_FLOOR_DB, engineView, peakLevelDb, samplesOfWav } from './engine-view.ts';
import { engineLanguage } from './language.ts';

export interface TranscriberOptions {
  /** The engine of each model a session may ask for. */
  readonly engines: Partial<Record<ModelId, Engine>>;
  /** Second opinion on whether there is speech; none by default. */
  readonly speechCheck?: SpeechCheck;
  /** What its "no speech" does: mark the text as suspect (default), or spare the engine. */
  readonly onNoSpeech?: 'mark' | 'skip';
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface SegmentRequest {
  /** The stored segment: mono WAV at the track's own rate. */
  readonly wav: Uint8Array;
  readonly entry: Pick<SegmentEntry, 'track' | 'index' | 'speech'>;
  readonly model: ModelId;
  /** The session's language hint; null or `auto` means: detect. */
  readonly language: string | null;
  /** Counts from 1. */
  readonly attempt: number;
  /** True when no further attempt follows: a failure becomes a result. */
  readonly finalAttempt: boolean;
  readonly signal: AbortSignal;
}

export interface Transcriber {
  /**
   * One segment's result. Rejects with EngineError when another attempt may help (`fault` says when), or when
   * aborted; everything else, bad audio included, is a result with status `failed` and a reason.
   */
  transcribeSegment(request: SegmentRequest): Promise<SegmentResult>;
}

const NO_ENGINE: EngineIdentity = { engine: 'none', model: 'none', version: 'none' };
/** A loop is given one more chance at this temperature. */
const RETRY_TEMPERATURE = 0.2;
/** Audio that killed an engine this often is left alone. */
const MAX_CRASHES = 2;

type Outcome = Pick<SegmentResult, 'status' | 'language' | 'timing' | 'utterances' | 'guarded'> & {
  error?: NonNullable<SegmentResult['error']>;
};

const SILENT: Outcome = { status: 'no_speech', language: null, timing: 'none', utterances: [], guarded: [] };

const failed = (reason: string, message: string): Outcome => ({
  ...SILENT,
  status: 'failed',
  error: { reason, message },
});

/** Samples of the request, or the failure that a broken object is. */
function readSamples(request: SegmentRequest): ReturnType<typeof samplesOfWav> | undefined {
  try {
    return samplesOfWav(request.wav);
  } catch {
    return undefined;
  }
}

/** Asks the engine; a looping answer is asked for once more where the engine can answer differently. */
async function askEngine(
  engine: Engine,
  samples: Int16Array,
  request: SegmentRequest,
): Promise<{ result: EngineResult; loop?: string }> {
  const { language } = engineLanguage(request.language, engine.capabilities);
  const options = { wantWords: engine.capabilities.words, ...(language === undefined ? {} : { language }) };
  const result = await engine.transcribe({ samples }, options, request.signal);
  if (!engine.capabilities.temperature || !isLoop(result.text)) return { result };
  const retry = { ...options, temperature: RETRY_TEMPERATURE };
  const second = await engine.transcribe({ samples }, retry, request.signal);
  return { result: second, loop: result.text };
}

async function transcribeSpeech(
  engine: Engine,
  samples: Int16Array,
  request: SegmentRequest & { doubt?: string },
): Promise<Outcome> {
  const { supported } = engineLanguage(request.language, engine.capabilities);
  const doubt = supported ? request.doubt : 'language_not_supported';
  const { result, loop } = await askEngine(engine, samples, request);
  const { utterances, guarded } = cleanResult(result, {
    track: request.entry.track,
    durationMs: Math.floor((samples.length * 1000) / ENGINE_SAMPLE_RATE),
    ...(doubt === undefined ? {} : { doubt }),
  });
  return {
    status: 'ok',
    language: result.language ?? null,
    timing: result.timing,
    utterances,
    guarded: loop === undefined ? guarded : [{ reason: 'loop_retried', text: loop }, ...guarded],
  };
}

/** Whether a failed attempt is worth another; otherwise it becomes the segment's result. */
function throwsOn(error: EngineError, request: SegmentRequest): boolean {
  if (error.fault.kind === 'aborted') return true;
  if (error.fault.kind === 'crashed' && request.attempt >= MAX_CRASHES) return false;
  return error.retryable && !request.finalAttempt;
}

/** Turns stored segments into results: gate, 16 kHz view, engine, guards. */
export function createTranscriber(options: TranscriberOptions): Transcriber {
  const outcomeOf = async (request: SegmentRequest, engine: Engine | undefined): Promise<Outcome> => {
    const stored = readSamples(request);
    if (stored === undefined) return failed('rejected', 'The stored segment is not a readable WAV file.');
    const silent = peakLevelDb(stored.samples, stored.sampleRate) < ENERGY_FLOOR_DB;
    if (silent || !request.entry.speech) return SILENT;
    if (engine === undefined) return failed('misconfigured', `No engine is set for model ${request.model}.`);
    const samples = await engineView(stored.samples, stored.sampleRate);
    // A second opinion that cannot be had changes nothing.
    const finding = await options.speechCheck?.check(samples).catch(() => undefined);
    if (finding?.speech !== false) return transcribeSpeech(engine, samples, request);
    if (options.onNoSpeech === 'skip') {
      return { ...SILENT, guarded: [{ reason: 'no_speech_found', text: '' }] };
    }
    return transcribeSpeech(engine, samples, { ...request, doubt: 'no_speech_found' });
  };

  return {
    async transcribeSegment(request) {
      throwIfAborted(request.signal);
      const startedAt = options.clock();
      const engine = options.engines[request.model];
      const outcome = await outcomeOf(request, engine).catch((error: unknown) => {
        if (!(error instanceof EngineError) || throwsOn(error, request)) throw error;
        return failed(error.fault.kind, error.message);
      });
      const finishedAt = options.clock();
      return {
        v: 1,
        track: request.entry.track,
        index: request.entry.index,
        attempt: request.attempt,
        ...(engine?.identity ?? NO_ENGINE),
        ...outcome,
        finishedAt: new Date(finishedAt).toISOString(),
        engineMs: Math.max(0, finishedAt - startedAt),
      };
    },
  };
}
