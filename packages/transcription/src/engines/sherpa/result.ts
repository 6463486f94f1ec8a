import { z } from 'zod';
import type { EngineIdentity, EngineResult, EngineWord } from '../../engine/engine.ts';
import { EngineError } from '../../engine/engine-error.ts';
import { wordsFromPieces } from '../../engine/pieces.ts';
import { segmentsFromWords, tidySegments, tidyWords } from '../../engine/timing.ts';

/** What sherpa-onnx says; which lists are filled depends on the model. Times in seconds, natural log-probs. */
const RecognizerResult = z.object({
  text: z.string(),
  lang: z.string().default(''),
  tokens: z.array(z.string()).default([]),
  timestamps: z.array(z.number()).default([]),
  durations: z.array(z.number()).default([]),
  ys_log_probs: z.array(z.number()).default([]),
});
type RecognizerResult = z.infer<typeof RecognizerResult>;

/** Longest a token lasts where the model does not say, ms. */
const MAX_TOKEN_MS = 400;
const UTTERANCE_PAUSE_MS = 500;

function piecesOf(result: RecognizerResult): EngineWord[] {
  const { tokens, timestamps, durations, ys_log_probs: logProbs } = result;
  if (timestamps.length !== tokens.length) return [];
  return tokens.map((text, i) => {
    const startMs = (timestamps[i] ?? 0) * 1000;
    const next = timestamps[i + 1];
    const untilNext = next === undefined ? MAX_TOKEN_MS : next * 1000 - startMs;
    const duration = durations.length === tokens.length ? (durations[i] ?? 0) * 1000 : undefined;
    const endMs = startMs + (duration ?? Math.min(untilNext, MAX_TOKEN_MS));
    const logProb = logProbs.length === tokens.length ? logProbs[i] : undefined;
    return {
      text,
      startMs,
      endMs,
      ...(logProb === undefined ? {} : { confidence: Math.min(1, Math.exp(logProb)) }),
    };
  });
}

/** `<|en|>` as SenseVoice writes it, or a plain code. */
const languageOf = (lang: string): string | undefined => /^(?:<\|)?([a-z]{2,3})(?:\|>)?$/.exec(lang)?.[1];

/** Reads a result object; throws `transient` when it is none. */
export function readResult(
  value: unknown,
  context: { identity: EngineIdentity; durationMs: number },
): EngineResult {
  const parsed = RecognizerResult.safeParse(value);
  if (!parsed.success) {
    throw new EngineError(
      { kind: 'transient', cause: 'The engine gave no readable result.' },
      { cause: parsed.error },
    );
  }
  const { durationMs, identity } = context;
  const text = parsed.data.text.trim();
  const words = tidyWords(wordsFromPieces(piecesOf(parsed.data)), durationMs);
  const whole = text === '' ? [] : [{ text, startMs: 0, endMs: durationMs }];
  const segments = words.length > 0 ? segmentsFromWords(words, UTTERANCE_PAUSE_MS) : whole;
  const language = languageOf(parsed.data.lang);
  return {
    ...identity,
    ...(language === undefined ? {} : { language }),
    text,
    segments: tidySegments(segments, durationMs),
    timing: words.length > 0 ? 'word' : 'none',
  };
}
