import { describe, expect, it } from '@jest/globals';
import { readResult } from './result.ts';

const context = { identity: { engine: 'sherpa', model: 'm', version: '1' }, durationMs: 5000 };

describe('a result of sherpa-onnx', () => {
  it('of a transducer has pieces with durations and log probabilities', () => {
    const result = readResult(
      {
        text: ' Head ache.',
        lang: 'en',
        tokens: [' He', 'ad', ' ache', '.'],
        timestamps: [0.4, 0.56, 0.8, 1.04],
        durations: [0.16, 0.08, 0.24, 0],
        ys_log_probs: [0, Math.log(0.5), -0.1, 0.001],
      },
      context,
    );
    expect(result).toMatchObject({ text: 'Head ache.', language: 'en', timing: 'word' });
    expect(result.segments).toEqual([
      {
        text: 'Head ache.',
        startMs: 400,
        endMs: 1040,
        words: [
          { text: 'Head', startMs: 400, endMs: 640, confidence: 0.5 },
          { text: 'ache.', startMs: 800, endMs: 1040, confidence: Math.exp(-0.1) },
        ],
      },
    ]);
  });

  it('without durations lets a token last until the next, but not through a pause', () => {
    const result = readResult({ text: 'a b', tokens: ['\u2581a', '\u2581b'], timestamps: [0.2, 3] }, context);
    const words = result.segments.flatMap((segment) => segment.words ?? []);
    expect(words.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ['a', 200, 600],
      ['b', 3000, 3400],
    ]);
  });

  it('without times is one segment over the audio, and without text none', () => {
    const result = readResult(
      { text: ' Hello. ', lang: '<|de|>', tokens: [' Hello', '.'], timestamps: [] },
      context,
    );
    expect(result).toMatchObject({ timing: 'none', language: 'de' });
    expect(result.segments).toEqual([{ text: 'Hello.', startMs: 0, endMs: 5000 }]);
    expect(readResult({ text: ' ' }, context)).toMatchObject({ text: '', segments: [] });
  });

  it('of another shape is a passing fault', () => {
    expect(() => readResult('text', context)).toThrow('no readable result');
    expect(() => readResult({ text: 'x', timestamps: ['a'] }, context)).toThrow('no readable result');
  });
});
