import type { EngineIdentity, EngineResult, EngineSegment, EngineWord } from '../../engine/engine.ts';
import { EngineError } from '../../engine/engine-error.ts';
import { segmentsFromWords, tidySegments, tidyWords } from '../../engine/timing.ts';
import { languageCode } from './language-name.ts';
import { field, numberField, textField } from './tolerant-fields.ts';
import { wordsIn } from './words.ts';

/** Where a server gives words without segments, a silence as long as this ends an utterance, ms. */
const UTTERANCE_PAUSE_MS = 500;

/** JSON as servers write it: Python's `NaN` and `Infinity` are taken for null. */
function parseJson(body: Uint8Array): unknown {
  const text = Buffer.from(body).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replaceAll(/([:[,]\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/g, '$1null'));
    } catch (cause) {
      const sentence = 'The transcription server answered something other than JSON.';
      throw new EngineError({ kind: 'transient', cause: sentence }, { cause });
    }
  }
}

function optionalNumbers(value: unknown): Pick<EngineSegment, 'avgLogprob' | 'noSpeechProb' | 'temperature'> {
  const avgLogprob = numberField(value, 'avg_logprob');
  const noSpeechProb = numberField(value, 'no_speech_prob');
  const temperature = numberField(value, 'temperature');
  return {
    ...(avgLogprob === undefined ? {} : { avgLogprob }),
    ...(noSpeechProb === undefined ? {} : { noSpeechProb }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

function segmentOf(value: unknown, durationMs: number): EngineSegment | undefined {
  const text = textField(value, 'text')?.trim();
  if (text === undefined || text === '') return undefined;
  const startMs = (numberField(value, 'start') ?? 0) * 1000;
  const endMs = (numberField(value, 'end') ?? durationMs / 1000) * 1000;
  const words = wordsIn(value);
  return { text, startMs, endMs, ...(words.length === 0 ? {} : { words }), ...optionalNumbers(value) };
}

/** Top-level words go to the segment that their middle lies in, else to the one that begins nearest. */
function placeWords(segments: readonly EngineSegment[], words: readonly EngineWord[]): EngineSegment[] {
  const placed = segments.map((): EngineWord[] => []);
  for (const word of words) {
    const middle = (word.startMs + word.endMs) / 2;
    const distance = (segment: EngineSegment): number =>
      middle >= segment.startMs && middle <= segment.endMs ? 0 : 1 + Math.abs(segment.startMs - word.startMs);
    const distances = segments.map(distance);
    placed[distances.indexOf(Math.min(...distances))]?.push(word);
  }
  return segments.map((segment, i) => ({ ...segment, words: placed[i] ?? [] }));
}

function segmentsOf(answer: unknown, text: string, durationMs: number): EngineSegment[] {
  const list = field(answer, 'segments');
  const segments = Array.isArray(list) ? list.flatMap((item) => segmentOf(item, durationMs) ?? []) : [];
  const words = tidyWords(wordsIn(answer), durationMs);
  const bare = segments.every((segment) => segment.words === undefined);
  if (segments.length > 0) return bare && words.length > 0 ? placeWords(segments, words) : segments;
  if (words.length > 0) return segmentsFromWords(words, UTTERANCE_PAUSE_MS);
  return text === '' ? [] : [{ text, startMs: 0, endMs: durationMs }];
}

function timingOf(answer: unknown, segments: readonly EngineSegment[]): EngineResult['timing'] {
  if (segments.some((segment) => (segment.words?.length ?? 0) > 0)) return 'word';
  const list = field(answer, 'segments');
  return Array.isArray(list) && list.length > 0 ? 'segment' : 'none';
}

/**
 * Reads an answer of any server that speaks this contract, however loosely. Rejects (throws `transient`) only what
 * is no JSON object with a text or segments.
 */
export function readAnswer(
  body: Uint8Array,
  context: { identity: EngineIdentity; durationMs: number },
): EngineResult {
  const answer = parseJson(body);
  const { identity, durationMs } = context;
  const stated = textField(answer, 'text')?.trim();
  if (stated === undefined && !Array.isArray(field(answer, 'segments'))) {
    const sentence = 'The transcription server answered without a text.';
    throw new EngineError({ kind: 'transient', cause: sentence });
  }
  const segments = tidySegments(segmentsOf(answer, stated ?? '', durationMs), durationMs);
  const language = languageCode(textField(answer, 'language') ?? '');
  return {
    ...identity,
    ...(language === undefined ? {} : { language }),
    text: stated ?? segments.map((segment) => segment.text).join(' '),
    segments,
    timing: timingOf(answer, segments),
  };
}
