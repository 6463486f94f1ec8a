import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EngineError } from '../../engine/engine-error.ts';
import { readAnswer } from './answer.ts';
import { languageCode } from './language-name.ts';

const context = { identity: { engine: 'openai', model: 'm', version: 'v1' }, durationMs: 10_000 };

const number = fc.oneof(fc.double(), fc.constant(null), fc.string(), fc.double().map(String));
const word = fc.record(
  { word: fc.string(), text: fc.string(), start: number, end: number, probability: number },
  { requiredKeys: [] },
);
const segment = fc.record(
  {
    text: fc.oneof(fc.string(), fc.constant(null)),
    start: number,
    end: number,
    words: fc.array(word),
    avg_logprob: number,
  },
  { requiredKeys: [] },
);
const answer = fc.record(
  { text: fc.string(), language: fc.string(), segments: fc.array(segment), words: fc.array(word) },
  { requiredKeys: [] },
);

describe('an answer of any shape', () => {
  it('is either refused as a passing fault or gives sorted times inside the audio', () => {
    fc.assert(
      fc.property(fc.oneof(answer, fc.jsonValue()), (value) => {
        let result: ReturnType<typeof readAnswer>;
        try {
          result = readAnswer(Buffer.from(JSON.stringify(value)), context);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
          return;
        }
        let last = 0;
        for (const { startMs, endMs, words = [] } of result.segments) {
          for (const time of [startMs, endMs, ...words.flatMap((each) => [each.startMs, each.endMs])]) {
            expect(time >= 0 && time <= 10_000).toBe(true);
          }
          expect(startMs).toBeGreaterThanOrEqual(last);
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          last = startMs;
        }
      }),
    );
  });

  it('of random bytes is refused as a passing fault', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => readAnswer(Uint8Array.of(0xff, ...bytes), context)).toThrow(EngineError);
      }),
    );
  });
});

describe('the name of a language', () => {
  it('is taken as a code, as an English name, or as Whisper spells it', () => {
    expect(
      ['en', 'EN', 'en-US', 'English', 'german', 'Bengali', 'Hebrew', 'klingonish', ''].map(languageCode),
    ).toEqual(['en', 'en', 'en', 'en', 'de', 'bn', 'he', undefined, undefined]);
  });
});
