import type { ProcessingIssue } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { encodeAlaw, encodeMulaw } from '../codecs/g711.ts';
import { decodePcm16be, decodePcm16le, encodePcm16le } from '../codecs/pcm16.ts';
import { createCutter } from '../cutter/cutter.ts';
import { holdMusic } from '../testing/hold-music.ts';
import { asSamples, noise, withNoise } from '../testing/noise.ts';
import { speechLike } from '../testing/speech-like.ts';
import { createTrackInspector } from './track-inspector.ts';

const RATE = 16_000;
const FRAME = 640;

/** What an inspector says of a signal that comes in real time from a cutter. */
function issuesOf(samples: Int16Array, sampleRate = RATE): ProcessingIssue[] {
  const cutter = createCutter({ sampleRate });
  const inspector = createTrackInspector({ track: 'mic', sampleRate });
  const issues: ProcessingIssue[] = [];
  for (let start = 0; start < samples.length; start += FRAME) {
    const frame = samples.subarray(start, start + FRAME);
    cutter.push(frame);
    const facts = { elapsedMs: (1000 * start) / sampleRate, spokenSamples: cutter.spokenSamples };
    issues.push(...inspector.push(frame, facts));
  }
  return issues;
}

function typesOf(samples: Int16Array, sampleRate = RATE): string[] {
  return issuesOf(samples, sampleRate).map(({ type }) => type);
}

/** A piece of another encoding, read as 16-bit PCM. */
function misread(bytes: Uint8Array): Int16Array {
  return decodePcm16le(bytes.subarray(0, bytes.length - (bytes.length % 2)));
}

const talk = speechLike({ sampleRate: RATE, seconds: 70 }, 5);
const speech = asSamples(talk.samples);
const narrow = asSamples(speechLike({ sampleRate: 8000, seconds: 120 }, 5).samples);

describe('an inspector has nothing to say about', () => {
  it('clean speech at either rate, and speech in noise', () => {
    expect(typesOf(speech)).toEqual([]);
    expect(typesOf(narrow, 8000)).toEqual([]);
    expect(typesOf(withNoise(talk, 'pink', 10))).toEqual([]);
    expect(typesOf(asSamples(talk.samples, -30))).toEqual([]);
  });

  it('hold music, low and high, slow and quick', () => {
    for (const [hertz, notesPerSecond, voices] of [
      [220, 8, 1],
      [523, 8, 1],
      [880, 4, 3],
    ] as const) {
      const tune = { sampleRate: RATE, seconds: 30, hertz, notesPerSecond, voices };
      expect(typesOf(asSamples(holdMusic(tune, 1)))).toEqual([]);
    }
  });

  it('tones and noise, but that they are no speech', () => {
    const tone = (hertz: number): Int16Array =>
      Int16Array.from(
        { length: 61 * 8000 },
        (_, index) => 20_000 * Math.sin((index * hertz * Math.PI) / 4000),
      );
    for (const hertz of [440, 3500]) expect(typesOf(tone(hertz), 8000)).toEqual(['no_speech']);
    for (const gain of [2, 75])
      expect(typesOf(asSamples(noise('white', 61 * RATE, 1), gain))).toEqual(['no_speech']);
  });
});

describe('an inspector warns once', () => {
  it('of no speech in a minute, and again when that comes back after speech', () => {
    const quiet = asSamples(noise('pink', 66 * RATE, 2), 30);
    const [issue, ...others] = issuesOf(
      Int16Array.from([...quiet, ...speech.subarray(0, 10 * RATE), ...quiet]),
    );
    expect(issue).toMatchObject({ type: 'no_speech', details: { track: 'mic', at_sample: 60 * RATE } });
    expect(others.map(({ type }) => type)).toEqual(['no_speech']);
  });

  it('of mu-law, A-law and the wrong byte order', () => {
    const big = decodePcm16be(encodePcm16le(speech.subarray(0, 40 * RATE)));
    expect(issuesOf(big)).toMatchObject([
      { type: 'wrong_encoding_suspected', details: { suspect: 'byte_order', track: 'mic' } },
    ]);
    for (const [suspect, bytes] of [
      ['mulaw', encodeMulaw(speech.subarray(0, 40 * RATE))],
      ['alaw', encodeAlaw(speech.subarray(0, 40 * RATE))],
    ] as const) {
      const issues = issuesOf(misread(bytes)).filter(({ type }) => type !== 'no_speech');
      expect(issues).toMatchObject([{ type: 'wrong_encoding_suspected', details: { suspect } }]);
    }
  });

  it('of 8 kHz speech labelled 16 kHz', () => {
    expect(issuesOf(narrow)).toMatchObject([{ type: 'wrong_rate_suspected', details: { track: 'mic' } }]);
  });

  it('of clipping, but not of single peaks', () => {
    const loud = speech.map((sample) => Math.max(-32_768, Math.min(32_767, sample * 12)));
    expect(typesOf(loud)).toEqual(['clipping']);
    const peaks = speech.map((sample, index) => (index % 200 === 0 ? 32_767 : sample));
    expect(typesOf(peaks)).toEqual([]);
  });

  it('of digital silence of any value', () => {
    const dead = new Int16Array(40 * RATE).fill(-3);
    expect(issuesOf(dead)).toMatchObject([{ type: 'digital_silence', details: { value: -3 } }]);
    expect(typesOf(Int16Array.from([...dead, ...speech.subarray(0, RATE), ...dead]))).toEqual([
      'digital_silence',
      'digital_silence',
    ]);
  });
});
