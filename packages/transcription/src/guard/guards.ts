import type { EngineSegment } from '../engine/engine.ts';
import { isLoop } from './repetition.ts';

/** Why a stretch of text is doubted; the text is kept. */
export type Suspicion = 'loop' | 'too_fast' | 'anomalous_words';

/** The pair must hold together (openai/whisper): a high no-speech probability alone also meets quiet speech. */
const NO_SPEECH_PROBABILITY = 0.6;
const NO_SPEECH_LOGPROB = -1;

const MAX_WORDS_PER_SECOND = 7;
const MAX_CHARACTERS_PER_SECOND = 30;
/** Fewer words than this are too few to tell a speed. */
const MIN_WORDS_FOR_SPEED = 5;

const LOW_CONFIDENCE = 0.15;
const SHORT_WORD_MS = 133;
const LONG_WORD_MS = 2000;
const LOOKED_AT_WORDS = 8;
const MAX_ANOMALY = 3;

/** True when the engine itself says that this stretch is no speech, and was unsure of its words. */
export function saysNoSpeech(segment: EngineSegment): boolean {
  const { noSpeechProb, avgLogprob } = segment;
  if (noSpeechProb === undefined || avgLogprob === undefined) return false;
  return noSpeechProb > NO_SPEECH_PROBABILITY && avgLogprob < NO_SPEECH_LOGPROB;
}

function isTooFast(segment: EngineSegment): boolean {
  const words = segment.text.split(/\s+/).filter((word) => word !== '').length;
  if (words < MIN_WORDS_FOR_SPEED) return false;
  const seconds = Math.max(segment.endMs - segment.startMs, 1) / 1000;
  return words / seconds > MAX_WORDS_PER_SECOND || segment.text.length / seconds > MAX_CHARACTERS_PER_SECOND;
}

/** Only words with a confidence are judged: engines without one have very short words by right. */
function hasAnomalousWords(segment: EngineSegment): boolean {
  const words = (segment.words ?? []).slice(0, LOOKED_AT_WORDS);
  const score = words.reduce((sum, word) => {
    if (word.confidence === undefined) return sum;
    const lengthMs = word.endMs - word.startMs;
    const strange = word.confidence < LOW_CONFIDENCE ? 1 : 0;
    return sum + strange + (lengthMs < SHORT_WORD_MS || lengthMs > LONG_WORD_MS ? 1 : 0);
  }, 0);
  return words.some((word) => (word.confidence ?? 1) < LOW_CONFIDENCE) && score >= MAX_ANOMALY;
}

/** The first reason to doubt a stretch of text, if there is one. */
export function suspicionOf(segment: EngineSegment): Suspicion | undefined {
  if (isLoop(segment.text)) return 'loop';
  if (isTooFast(segment)) return 'too_fast';
  return hasAnomalousWords(segment) ? 'anomalous_words' : undefined;
}
