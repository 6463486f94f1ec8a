import { type AudioSegment, ENGINE_SAMPLE_RATE, type EngineCapabilities } from './engine.ts';
import { EngineError } from './engine-error.ts';

/** Length of a segment in milliseconds, rounded down. */
export function durationMs(audio: AudioSegment): number {
  return Math.floor((audio.samples.length * 1000) / ENGINE_SAMPLE_RATE);
}

/** Rejects audio longer than the engine takes; engines that truncate lose words silently. */
export function refuseTooLong(audio: AudioSegment, capabilities: EngineCapabilities): void {
  const seconds = audio.samples.length / ENGINE_SAMPLE_RATE;
  if (seconds <= capabilities.maxSeconds) return;
  throw new EngineError({
    kind: 'rejected',
    cause: `The audio is ${seconds.toFixed(1)} s long; this engine takes at most ${capabilities.maxSeconds} s.`,
  });
}

const samplesOf = (ms: number): number => Math.round((ms * ENGINE_SAMPLE_RATE) / 1000);

/** The samples with digital silence around them: decoders are worse at words that touch the edge of the audio. */
export function padded(samples: Int16Array, pad: { beforeMs: number; afterMs: number }): Int16Array {
  const before = samplesOf(pad.beforeMs);
  const out = new Int16Array(before + samples.length + samplesOf(pad.afterMs));
  out.set(samples, before);
  return out;
}
