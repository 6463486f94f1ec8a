import { CreateSessionRequest, type Gap, type SegmentEntry, type StreamRecord } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildManifest } from './manifest.ts';

const AT = '2026-01-01T00:00:00.000Z';
const TRACKS = ['inbound', 'outbound'] as const;
const LONGEST = 120;

const track = fc.constantFrom(...TRACKS);
const range = fc
  .tuple(fc.nat(LONGEST), fc.nat(LONGEST))
  .map(([one, other]) => ({ from: Math.min(one, other), to: Math.max(one, other) }));
const reason = fc.constantFrom('missing_frames' as const, 'dropped' as const, 'corrupt' as const);
const gap: fc.Arbitrary<Gap> = fc
  .record({ track, range, reason })
  .map(({ range: at, ...rest }) => ({ ...rest, ...at }));
const segment: fc.Arbitrary<SegmentEntry> = fc
  .record({ track, range })
  .filter(({ range: at }) => at.to > at.from)
  .map(({ track: name, range: { from, to } }) => ({
    track: name,
    index: 0,
    key: `${name}-${from}-${to}`,
    sampleRate: 8000,
    firstSample: from,
    samples: to - from,
    sha256: 'x',
    cut: 'pause',
    speechRatio: 1,
    levelDb: -20,
    speech: true,
  }));

const none = { receivedSamples: 0, storedSamples: 0, gapSamples: 0, seconds: 0, ratio: 1 };

const record = (segments: SegmentEntry[], gaps: Gap[]): StreamRecord => ({
  v: 1,
  epoch: 1,
  transport: 'websocket',
  dialect: 'raw',
  encoding: 'pcm16',
  bigEndian: false,
  callId: null,
  providerStreamId: null,
  startedAt: AT,
  endedAt: AT,
  closedBy: 'stop',
  frames: 1,
  malformedFrames: 0,
  duplicateFrames: 0,
  reorderedFrames: 0,
  oddBytes: 0,
  segments,
  gaps,
  coverage: TRACKS.map((name) => ({ track: name, sampleRate: 8000, ...none })),
  warnings: [],
});

function manifestOf(segments: SegmentEntry[], gaps: Gap[]) {
  return buildManifest({
    document: {
      v: 1,
      tenant: 'clinic',
      sessionId: 'ses_0123456789abcdef',
      streamId: null,
      createdAt: AT,
      expiresAt: AT,
      createdBy: 'key_1',
      test: false,
      request: CreateSessionRequest.parse({ upload_type: 'stream' }),
      userStatus: null,
      processingStatus: null,
    },
    uploads: [],
    streams: [record(segments, gaps)],
    orphans: [],
    filesSent: undefined,
    interrupted: false,
    at: AT,
  });
}

type Range = Pick<Gap, 'from' | 'to'>;

/** Sample by sample: does any of the ranges hold it? */
function held(ranges: readonly Range[]): boolean[] {
  return Array.from({ length: LONGEST + 1 }, (_, at) => ranges.some(({ from, to }) => at >= from && at < to));
}

describe('the ledger of a session', () => {
  it('counts each sample below the end of a track once, as stored or as a gap, and names every hole', () => {
    const property = fc.property(fc.array(segment), fc.array(gap), (segments, gaps) => {
      const manifest = manifestOf(segments, gaps);
      for (const name of TRACKS) {
        const stored: Range[] = segments
          .filter((one) => one.track === name)
          .map((one) => ({ from: one.firstSample, to: one.firstSample + one.samples }));
        const told = gaps.filter((one) => one.track === name);
        const end = Math.max(0, ...[...stored, ...told].map(({ to }) => to));
        const missing = held(manifest.gaps.filter((one) => one.track === name));
        const inSegments = held(stored);
        const nowhere = missing.findIndex((lost, at) => at < end && !lost && !inSegments[at]);
        expect(nowhere).toBe(-1);
        const gapSamples = missing.filter(Boolean).length;
        expect(manifest.coverage.find((one) => one.track === name) ?? none).toMatchObject({
          receivedSamples: end,
          storedSamples: end - gapSamples,
          gapSamples,
        });
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('lists a sample that several records miss in one gap only', () => {
    const lost = (from: number, to: number): Gap => ({ track: 'inbound', from, to, reason: 'interrupted' });
    const told = [lost(0, 40), lost(10, 60), lost(0, 40), lost(70, 80), lost(72, 75)];
    expect(manifestOf([], told).gaps).toEqual([
      lost(0, 40),
      lost(40, 60),
      { ...lost(60, 70), reason: 'interrupted' },
      lost(70, 80),
    ]);
    fc.assert(
      fc.property(fc.array(gap, { maxLength: 12 }), fc.array(segment, { maxLength: 4 }), (gaps, segments) => {
        for (const name of TRACKS) {
          let end = 0;
          for (const { from, to } of manifestOf(segments, gaps).gaps.filter((each) => each.track === name)) {
            expect(from).toBeGreaterThanOrEqual(end);
            end = to;
          }
        }
      }),
    );
  });

  it('keeps the reason and the position of each gap that was told, also where nothing was stored', () => {
    const gaps: Gap[] = [{ track: 'inbound', from: 3, to: 9, reason: 'corrupt' }];
    const manifest = manifestOf([], gaps);
    expect(manifest.gaps[0]).toEqual({ track: 'inbound', from: 0, to: 3, reason: 'interrupted' });
    expect(manifest.gaps[1]).toEqual(gaps[0]);
    expect(manifest.coverage).toMatchObject([
      { track: 'inbound', receivedSamples: 9, gapSamples: 9, ratio: 0 },
    ]);
  });
});
