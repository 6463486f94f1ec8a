/** What an engine can do with a model; configuration that asks for more is refused at start. */
export interface EngineCapabilities {
  readonly words: boolean;
  readonly segments: boolean;
  readonly confidence: 'none' | 'logprob' | 'posterior';
  /** ISO 639-1 codes, or any. */
  readonly languages: readonly string[] | 'any';
  readonly detectsLanguage: boolean;
  readonly prompt: boolean;
  /** True when a second try at another temperature may answer differently. */
  readonly temperature: boolean;
  /** Longer audio is rejected, never truncated. */
  readonly maxSeconds: number;
  /** True when an abort stops the work itself, not only the waiting for it. */
  readonly trueCancel: boolean;
}

/** Which engine, model and version speaks; a transcript always names them. */
export interface EngineIdentity {
  readonly engine: string;
  readonly model: string;
  readonly version: string;
}

/** Mono PCM16 at 16 kHz; engines know only the segment's own time. */
export interface AudioSegment {
  readonly samples: Int16Array;
}

/** The one sample rate that engines take, Hz. */
export const ENGINE_SAMPLE_RATE = 16_000;

export interface EngineOptions {
  /** ISO 639-1 code; absent means: detect, or the engine's only language. */
  readonly language?: string;
  readonly prompt?: string;
  readonly wantWords: boolean;
  readonly temperature?: number;
}

/** Milliseconds from the segment's start, inside [0, duration]. */
export interface EngineWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly confidence?: number;
}

export interface EngineSegment {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly words?: readonly EngineWord[];
  /** Mean natural log probability per token. */
  readonly avgLogprob?: number;
  readonly noSpeechProb?: number;
  readonly temperature?: number;
}

export interface EngineResult extends EngineIdentity {
  /** ISO 639-1 code that the engine found or was told. */
  readonly language?: string;
  readonly text: string;
  /** Sorted by start. */
  readonly segments: readonly EngineSegment[];
  readonly timing: 'word' | 'segment' | 'none';
  readonly billedSeconds?: number;
}

/** A speech recogniser: 16 kHz samples in, timed text out. */
export interface Engine {
  readonly identity: EngineIdentity;
  readonly capabilities: EngineCapabilities;
  /** Resolves when the engine has shown that it can work; rejects with EngineError otherwise. */
  ready(signal: AbortSignal): Promise<void>;
  /** Rejects with EngineError only; after an abort, only once the work has truly ended where it can be ended. */
  transcribe(audio: AudioSegment, options: EngineOptions, signal: AbortSignal): Promise<EngineResult>;
  /** Ends running work and resolves once no child process is left. */
  close(): Promise<void>;
}
