import type { Transcript, Utterance } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cuesOf } from './cues.ts';
import { renderTranscript } from './transcript.ts';

const utterance = (
  startMs: number,
  endMs: number,
  text: string,
  track: Utterance['track'] = 'main',
): Utterance => ({
  track,
  startMs,
  endMs,
  text,
  words: [],
});

const transcript = (utterances: Utterance[]): Transcript => ({
  v: 1,
  tenant: 'acme',
  sessionId: 'ses_1',
  status: 'completed',
  completedAt: '2026-01-02T03:04:05.000Z',
  modelUsed: 'lite',
  engine: 'scripted',
  engineModel: 'script',
  engineVersion: '1',
  languageDetected: 'en',
  text: utterances.map(({ text }) => text).join('\n'),
  utterances,
  templates: {},
  processingErrors: [],
  segmentsTotal: 1,
  segmentsFailed: 0,
  audioFilesProcessed: 0,
});

describe('a rendered transcript', () => {
  it('is numbered cues in SubRip', () => {
    const file = renderTranscript(
      transcript([utterance(0, 1500, 'Hello.'), utterance(3_723_004, 3_724_000, 'Bye.')]),
      'srt',
    );
    expect(file).toBe('1\n00:00:00,000 --> 00:00:01,500\nHello.\n\n2\n01:02:03,004 --> 01:02:04,000\nBye.\n');
  });

  it('is cues with escaped text in WebVTT', () => {
    const file = renderTranscript(transcript([utterance(0, 1500, 'a < b & c --> d')]), 'vtt');
    expect(file).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.500\na &lt; b &amp; c --&gt; d\n');
  });

  it('cannot be broken out of by text with arrows and tags in SubRip', () => {
    const file = renderTranscript(transcript([utterance(0, 1, '<b>x</b> 00:00 --> 00:01')]), 'srt');
    expect(file.match(/-->/g)).toHaveLength(1);
    expect(file).not.toContain('<');
  });

  it('names the tracks when there are several', () => {
    const both = transcript([utterance(0, 1000, 'hi', 'inbound'), utterance(1000, 2000, 'yes', 'outbound')]);
    expect(renderTranscript(both, 'srt')).toContain('inbound: hi');
    expect(renderTranscript(both, 'vtt')).toContain('<v outbound>yes');
  });

  it('is the text alone, or nothing, in plain text', () => {
    expect(renderTranscript(transcript([utterance(0, 1, 'a'), utterance(1, 2, 'b')]), 'txt')).toBe('a\nb\n');
    expect(renderTranscript(transcript([]), 'txt')).toBe('');
    expect(renderTranscript(transcript([]), 'vtt')).toBe('WEBVTT\n');
  });

  it('is everything a reader needs in JSON, and not whose it is', () => {
    const parsed: unknown = JSON.parse(renderTranscript(transcript([utterance(0, 1, 'a')]), 'json'));
    expect(parsed).toMatchObject({
      session_id: 'ses_1',
      transcript: 'a',
      engine: { name: 'scripted' },
      utterances: [{ text: 'a', startMs: 0 }],
    });
    expect(parsed).not.toHaveProperty('tenant');
  });
});

describe('cues', () => {
  it('have at most two lines of 42 characters and lose no word', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 60_000 }),
        (words, length) => {
          const cues = cuesOf([utterance(1000, 1000 + length, words.join(' '))]);
          expect(cues.flatMap((cue) => cue.lines).join(' ')).toBe(words.join(' '));
          let last = 1000;
          for (const cue of cues) {
            expect(cue.lines.length).toBeLessThanOrEqual(2);
            expect(Math.max(...cue.lines.map((line) => line.length))).toBeLessThanOrEqual(42);
            expect(cue.startMs).toBeGreaterThanOrEqual(last);
            expect(cue.endMs).toBeGreaterThan(cue.startMs);
            last = cue.startMs;
          }
        },
      ),
    );
  });

  it('take the times of the words they hold', () => {
    const text =
      'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen';
    const words = text
      .split(' ')
      .map((part, i) => ({ text: part, startMs: i * 1000, endMs: i * 1000 + 400 }));
    const cues = cuesOf([{ ...utterance(0, 17_000, text), words }]);
    expect(cues.length).toBeGreaterThan(1);
    expect(cues[1]?.startMs).toBe(cues[0]!.lines.join(' ').split(' ').length * 1000);
    expect(cues.at(-1)?.endMs).toBe(16_400);
  });
});
