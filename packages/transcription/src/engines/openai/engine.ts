import { encodeWav } from '@earshot/audio';
import { durationMs, padded, refuseTooLong } from '../../engine/audio-length.ts';
import {
  type AudioSegment,
  ENGINE_SAMPLE_RATE,
  type Engine,
  type EngineCapabilities,
  type EngineOptions,
} from '../../engine/engine.ts';
import { EngineError, throwIfAborted } from '../../engine/engine-error.ts';
import { readAnswer } from './answer.ts';
import { faultOfAnswer, faultOfFailure } from './faults.ts';
import type { HttpAnswer, HttpCall } from './http-call.ts';
import { encodeForm, type FormField } from './multipart.ts';

export interface OpenAiOptions {
  /** Up to and including the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly model: string;
  /** How the server is reached; decides which addresses may be dialled. */
  readonly fetch: HttpCall;
  /** What this model can do, where the built-in knowledge of well-known models is wrong. */
  readonly capabilities?: Partial<EngineCapabilities>;
  readonly timeoutMs?: number;
  /** Milliseconds since 1970, for `Retry-After` dates. */
  readonly now?: () => number;
}

/** A server that takes one request after the other, slower than speech, still answers the fourth that waits. */
const TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 10_000;
/** An answer about 25 s of speech has some kilobytes; anything near this is no transcript. */
const MAX_ANSWER_BYTES = 1_048_576;
const PAD = { beforeMs: 0, afterMs: 300 };

const CAPABILITIES: EngineCapabilities = {
  words: true,
  segments: true,
  confidence: 'logprob',
  languages: 'any',
  detectsLanguage: true,
  prompt: true,
  temperature: true,
  maxSeconds: 300,
  trueCancel: false,
};

/** OpenAI's own `gpt-4o` transcription models answer plain text only, without any times. */
function capabilitiesOf({ model, capabilities }: OpenAiOptions): EngineCapabilities {
  const textOnly = /^gpt-4o.*transcribe/.test(model);
  const known = textOnly
    ? { ...CAPABILITIES, words: false, segments: false, confidence: 'none' as const }
    : CAPABILITIES;
  return { ...known, ...capabilities };
}

function formOf(
  audio: AudioSegment,
  options: EngineOptions,
  model: { name: string; times: readonly string[] },
) {
  const bytes = encodeWav(padded(audio.samples, PAD), ENGINE_SAMPLE_RATE);
  const fields: FormField[] = [
    { name: 'file', fileName: 'segment.wav', type: 'audio/wav', bytes },
    { name: 'model', value: model.name },
  ];
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) fields.push({ name, value: String(value) });
  };
  add('language', options.language);
  add('prompt', options.prompt);
  add('temperature', options.temperature);
  add('response_format', model.times.length > 0 ? 'verbose_json' : 'json');
  if (model.times.includes('word')) {
    for (const granularity of model.times) add('timestamp_granularities[]', granularity);
  }
  return encodeForm(fields);
}

class OpenAiEngine implements Engine {
  readonly identity;
  readonly capabilities: EngineCapabilities;
  readonly #options: OpenAiOptions;
  readonly #base: string;
  readonly #closing = new AbortController();
  /** This server has refused `timestamp_granularities[]` for this model. */
  #refusesWords = false;

  constructor(options: OpenAiOptions) {
    this.#options = options;
    this.#base = options.baseUrl.replace(/\/+$/, '');
    this.identity = { engine: 'openai', model: options.model, version: 'v1' };
    this.capabilities = capabilitiesOf(options);
  }

  async ready(signal: AbortSignal): Promise<void> {
    const request = { method: 'GET' as const, timeoutMs: READY_TIMEOUT_MS };
    const answer = await this.#call(`${this.#base}/models`, request, signal);
    // Many servers have no model list; only a refused key says something for certain.
    if (answer.status === 401 || answer.status === 403) throw this.#fault(answer);
  }

  async transcribe(audio: AudioSegment, options: EngineOptions, signal: AbortSignal) {
    throwIfAborted(signal);
    throwIfAborted(this.#closing.signal);
    refuseTooLong(audio, this.capabilities);
    if (audio.samples.length === 0) {
      return { ...this.identity, text: '', segments: [], timing: 'none' as const };
    }
    const answer = await this.#post(audio, options, signal);
    return readAnswer(answer.body, { identity: this.identity, durationMs: durationMs(audio) });
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  /** Asks with word times; a server that answers 400 is asked once more without, and remembered if that helps. */
  async #post(audio: AudioSegment, options: EngineOptions, signal: AbortSignal): Promise<HttpAnswer> {
    const segment = this.capabilities.segments ? ['segment'] : [];
    const withWords = options.wantWords && this.capabilities.words && !this.#refusesWords;
    const times = withWords ? ['word', 'segment'] : segment;
    let answer = await this.#send(formOf(audio, options, { name: this.identity.model, times }), signal);
    if (answer.status === 400 && withWords) {
      answer = await this.#send(
        formOf(audio, options, { name: this.identity.model, times: segment }),
        signal,
      );
      if (answer.status < 300) this.#refusesWords = true;
    }
    if (answer.status < 200 || answer.status >= 300) throw this.#fault(answer);
    return answer;
  }

  #send(form: { contentType: string; body: Uint8Array }, signal: AbortSignal): Promise<HttpAnswer> {
    const request = {
      method: 'POST' as const,
      timeoutMs: this.#options.timeoutMs ?? TIMEOUT_MS,
      contentType: form.contentType,
      body: form.body,
    };
    return this.#call(`${this.#base}/audio/transcriptions`, request, signal);
  }

  async #call(
    url: string,
    request: { method: 'GET' | 'POST'; timeoutMs: number; contentType?: string; body?: Uint8Array },
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { apiKey } = this.#options;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    try {
      return await this.#options.fetch(url, {
        method: request.method,
        timeoutMs: request.timeoutMs,
        maxResponseBytes: MAX_ANSWER_BYTES,
        signal: either,
        headers: {
          accept: 'application/json',
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
      });
    } catch (cause) {
      throw new EngineError(either.aborted ? { kind: 'aborted' } : faultOfFailure(cause), { cause });
    }
  }

  #fault(answer: HttpAnswer): EngineError {
    return new EngineError(faultOfAnswer(answer, (this.#options.now ?? Date.now)()));
  }
}

/**
 * Any server with OpenAI's `POST /audio/transcriptions`: OpenAI, Groq, vLLM, speaches, LocalAI, whisper.cpp. One
 * request per segment, never repeated here except without word times where a server does not know them.
 */
export function createOpenAiEngine(options: OpenAiOptions): Engine {
  return new OpenAiEngine(options);
}
