import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs, refuseTooLong } from '../engine/audio-length.ts';
import type {
  AudioSegment,
  Engine,
  EngineCapabilities,
  EngineIdentity,
  EngineOptions,
  EngineResult,
  EngineWord,
} from '../engine/engine.ts';
import { EngineError, type EngineFault, throwIfAborted } from '../engine/engine-error.ts';
import { segmentsFromWords, tidySegments } from '../engine/timing.ts';

/** One call as the script sees it. */
export interface ScriptedCall {
  readonly samples: Int16Array;
  readonly seconds: number;
  /** Hex SHA-256 of the 16 kHz samples' bytes. */
  readonly sha256: string;
  /** Counts all calls of this engine from 1. */
  readonly call: number;
  /** Counts the calls with this very audio from 1. */
  readonly attempt: number;
  readonly options: EngineOptions;
}

/** Text spread evenly over the audio, words as given, or a failure. */
export type ScriptedAnswer =
  | string
  | { readonly words: readonly EngineWord[]; readonly language?: string }
  | { readonly fault: EngineFault };

export type Script = (call: ScriptedCall) => ScriptedAnswer | Promise<ScriptedAnswer>;

export interface ScriptedOptions {
  readonly script: Script;
  readonly delayMs?: number;
  readonly capabilities?: Partial<EngineCapabilities>;
  readonly identity?: Partial<EngineIdentity>;
}

/** An engine for tests, with a look at what it was asked. */
export interface ScriptedEngine extends Engine {
  readonly calls: readonly ScriptedCall[];
}

const CAPABILITIES: EngineCapabilities = {
  words: true,
  segments: true,
  confidence: 'none',
  languages: 'any',
  detectsLanguage: true,
  prompt: false,
  temperature: false,
  maxSeconds: 30,
  trueCancel: true,
};

function sha256(samples: Int16Array): string {
  return createHash('sha256')
    .update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
    .digest('hex');
}

function spread(text: string, duration: number): EngineWord[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const step = duration / Math.max(words.length, 1);
  return words.map((word, index) => ({ text: word, startMs: index * step, endMs: (index + 1) * step }));
}

function resultOf(answer: ScriptedAnswer, audio: AudioSegment, identity: EngineIdentity): EngineResult {
  if (typeof answer !== 'string' && 'fault' in answer) throw new EngineError(answer.fault);
  const duration = durationMs(audio);
  const words = typeof answer === 'string' ? spread(answer, duration) : answer.words;
  const language = typeof answer === 'string' ? 'en' : answer.language;
  return {
    ...identity,
    ...(language === undefined ? {} : { language }),
    text: words.map((word) => word.text).join(' '),
    segments: tidySegments(segmentsFromWords(words, 500), duration),
    timing: 'word',
  };
}

/** An engine that answers from a script, after a delay, with any fault; for tests of what surrounds engines. */
export function createScriptedEngine(options: ScriptedOptions): ScriptedEngine {
  const identity = { engine: 'scripted', model: 'script', version: '1', ...options.identity };
  const capabilities = { ...CAPABILITIES, ...options.capabilities };
  const calls: ScriptedCall[] = [];
  const closing = new AbortController();
  return {
    identity,
    capabilities,
    calls,
    ready: () => Promise.resolve(),
    async transcribe(audio, engineOptions, signal) {
      throwIfAborted(signal);
      throwIfAborted(closing.signal);
      refuseTooLong(audio, capabilities);
      const hash = sha256(audio.samples);
      const call: ScriptedCall = {
        samples: audio.samples,
        seconds: audio.samples.length / 16_000,
        sha256: hash,
        call: calls.length + 1,
        attempt: calls.filter((earlier) => earlier.sha256 === hash).length + 1,
        options: engineOptions,
      };
      calls.push(call);
      const either = AbortSignal.any([signal, closing.signal]);
      await sleep(options.delayMs ?? 0, undefined, { signal: either }).catch(() => undefined);
      throwIfAborted(either);
      return resultOf(await options.script(call), audio, identity);
    },
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
}

/** Fails the first `times` attempts at each audio with a transient fault, then follows the script. */
export function afterTransientFaults(times: number, script: Script): Script {
  return (call) =>
    call.attempt <= times ? { fault: { kind: 'transient', cause: 'A scripted fault.' } } : script(call);
}

/** Answers by the hash of the audio, else with the other script; a poisoned audio crashes the engine each time. */
export function byHash(answers: Readonly<Record<string, ScriptedAnswer>>, otherwise: Script): Script {
  return (call) => answers[call.sha256] ?? otherwise(call);
}

/** The answer of a poisoned audio. */
export const CRASH: ScriptedAnswer = { fault: { kind: 'crashed', exit: 'signal SIGSEGV' } };
