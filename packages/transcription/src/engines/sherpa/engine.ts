import { createRequire } from 'node:module';
import { durationMs, padded, refuseTooLong } from '../../engine/audio-length.ts';
import { ENGINE_SAMPLE_RATE, type Engine, type EngineCapabilities } from '../../engine/engine.ts';
import { throwIfAborted } from '../../engine/engine-error.ts';
import { checkModelFiles, type ModelManifest, readManifest } from './manifest.ts';
import { recognizerConfig } from './model-config.ts';
import { RecognizerPool } from './recognizer-pool.ts';
import { readResult } from './result.ts';

export interface SherpaOptions {
  /** Folder with the model's files and its `earshot-model.json`. */
  readonly modelDir: string;
  /** Threads of one process; threads x processes should not exceed the cores. */
  readonly threads?: number;
  /** Processes, each with the model in memory. */
  readonly poolSize?: number;
  /** Multiplies the time limit (audio length + 10 s) on a busy machine. */
  readonly loadAllowance?: number;
  /** Module that is loaded as sherpa-onnx. */
  readonly library?: string;
}

const LIBRARY = 'sherpa-onnx-node';
const PAD = { beforeMs: 0, afterMs: 300 };

/** sherpa-onnx drops what lies past 29.5 s of Whisper input with no more than a line in its log. */
const WHISPER_MAX_SECONDS = 29;

function capabilitiesOf(manifest: ModelManifest): EngineCapabilities {
  const whisper = manifest.family === 'whisper';
  return {
    words: !whisper,
    segments: !whisper,
    confidence: manifest.family.endsWith('transducer') ? 'posterior' : 'none',
    languages: manifest.languages,
    detectsLanguage: whisper || manifest.family === 'sense_voice',
    prompt: false,
    temperature: false,
    maxSeconds: whisper ? Math.min(manifest.maxSeconds, WHISPER_MAX_SECONDS) : manifest.maxSeconds,
    trueCancel: true,
  };
}

function libraryVersion(library: string): string {
  try {
    const found: unknown = createRequire(import.meta.url)(`${library}/package.json`);
    const version =
      typeof found === 'object' && found !== null && 'version' in found ? found.version : undefined;
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}

/**
 * Local neural models through sherpa-onnx, each in a process of its own because its native code can end one. Throws
 * EngineError `misconfigured` when the folder has no valid description; a missing library shows in `ready`.
 */
export function createSherpaEngine(options: SherpaOptions): Engine {
  const manifest = readManifest(options.modelDir);
  const library = options.library ?? LIBRARY;
  const config = recognizerConfig(options.modelDir, manifest, options.threads ?? 1);
  const pool = new RecognizerPool({ config, library }, options.poolSize ?? 1);
  const identity = { engine: 'sherpa', model: manifest.name, version: libraryVersion(library) };
  const capabilities = capabilitiesOf(manifest);
  const closing = new AbortController();
  return {
    identity,
    capabilities,
    async ready(signal) {
      await checkModelFiles(options.modelDir, manifest);
      await pool.start(AbortSignal.any([signal, closing.signal]));
    },
    async transcribe(audio, _options, signal) {
      throwIfAborted(signal);
      throwIfAborted(closing.signal);
      refuseTooLong(audio, capabilities);
      if (audio.samples.length === 0) return { ...identity, text: '', segments: [], timing: 'none' };
      const seconds = audio.samples.length / ENGINE_SAMPLE_RATE;
      const result = await pool.decode(padded(audio.samples, PAD), {
        timeoutMs: Math.ceil((seconds * 1000 + 10_000) * (options.loadAllowance ?? 4)),
        signal: AbortSignal.any([signal, closing.signal]),
      });
      return readResult(result, { identity, durationMs: durationMs(audio) });
    },
    async close() {
      closing.abort();
      await pool.close();
    },
  };
}
