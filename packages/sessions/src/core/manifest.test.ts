import {
  CreateSessionRequest,
  type SegmentEntry,
  type SessionDocument,
  type StreamRecord,
  type UploadReceipt,
} from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { coverageOf, holesOf, positionsOf } from './coverage.ts';
import { buildManifest, type ManifestInput, segmentFileName } from './manifest.ts';

const at = '2026-01-01T00:00:00.000Z';

const document = (uploadType: string): SessionDocument => ({
  v: 1,
  tenant: 'clinic',
  sessionId: 'ses_0123456789abcdef',
  streamId: null,
  createdAt: at,
  expiresAt: at,
  createdBy: 'key_1',
  test: false,
  request: CreateSessionRequest.parse({ upload_type: uploadType }),
  userStatus: null,
  processingStatus: null,
});

const segment = (index: number, firstSample: number, samples: number): SegmentEntry => ({
  track: 'main',
  index,
  key: `clinic/ses/segments/main/${index}`,
  sampleRate: 16_000,
  firstSample,
  samples,
  sha256: 'x',
  cut: 'pause',
  speechRatio: 1,
  levelDb: -20,
  speech: true,
});

const upload = (sequence: number): UploadReceipt => ({
  sequence,
  key: `k${sequence}`,
  name: `${sequence}.webm`,
  originalFilename: `audio_${sequence}.webm`,
  format: 'webm',
  contentType: 'audio/webm',
  bytes: 1,
  sha256: 'x',
  receivedAt: at,
});

const input = (over: Partial<ManifestInput>): ManifestInput => ({
  document: document('chunked'),
  uploads: [],
  streams: [],
  orphans: [],
  filesSent: undefined,
  interrupted: false,
  at,
  ...over,
});

describe('the manifest', () => {
  it('lists uploaded files in numeric order and repeats them in the answer', () => {
    const manifest = buildManifest(input({ uploads: [upload(0), upload(1), upload(2)], filesSent: 3 }));
    expect(manifest.answer.audio_files).toEqual(['0.webm', '1.webm', '2.webm']);
    expect(manifest.issues).toEqual([]);
  });

  it('names the sequence numbers that are missing, counted or in between', () => {
    const manifest = buildManifest(input({ uploads: [upload(0), upload(2)], filesSent: 4 }));
    expect(manifest.issues.map((issue) => issue.details?.['sequence'])).toEqual([1, 3]);
  });

  it('misses no number 0 from a client that counts from 1, but does miss its others', () => {
    const issuesOf = (numbers: number[], filesSent: number) =>
      buildManifest(input({ uploads: numbers.map((number) => upload(number)), filesSent })).issues.map(
        (issue) => issue.details?.['sequence'],
      );
    expect(issuesOf([1, 2], 2)).toEqual([]);
    expect(issuesOf([1, 3], 3)).toEqual([2]);
    expect(issuesOf([1, 2], 3)).toEqual([0]);
  });

  it('tells of a count that disagrees although no number is missing', () => {
    const manifest = buildManifest(input({ uploads: [upload(0), upload(1)], filesSent: 1 }));
    expect(manifest.issues.map((issue) => issue.type)).toEqual(['audio_files_mismatch']);
  });

  it('ignores the count of a streaming client', () => {
    const manifest = buildManifest(
      input({ document: document('stream'), filesSent: 0, orphans: [segment(0, 0, 100)] }),
    );
    expect(manifest.issues).toEqual([]);
    expect(manifest.answer.audio_files).toEqual(['0.wav']);
  });

  it('prefers a stream record over a recovered entry and keeps both streams in time order', () => {
    const record = (epoch: number, segments: SegmentEntry[]): StreamRecord => ({
      v: 1,
      epoch,
      transport: 'websocket',
      dialect: 'raw',
      encoding: 'pcm16',
      bigEndian: false,
      callId: null,
      providerStreamId: null,
      startedAt: at,
      endedAt: at,
      closedBy: 'stop',
      frames: 1,
      malformedFrames: 0,
      duplicateFrames: 0,
      reorderedFrames: 0,
      oddBytes: 0,
      segments,
      gaps: [],
      coverage: [],
      warnings: [],
    });
    const recovered = { ...segment(0, 0, 100), cut: 'recovered' as const };
    const manifest = buildManifest(
      input({
        document: document('stream'),
        streams: [record(2, [segment(1, 100, 50)]), record(1, [segment(0, 0, 100)])],
        orphans: [recovered],
      }),
    );
    expect(manifest.segments.map(({ index, cut }) => [index, cut])).toEqual([
      [0, 'pause'],
      [1, 'pause'],
    ]);
    expect(manifest.coverage).toEqual([
      {
        track: 'main',
        sampleRate: 16_000,
        receivedSamples: 150,
        storedSamples: 150,
        gapSamples: 0,
        seconds: 150 / 16_000,
        ratio: 1,
      },
    ]);
  });

  it('turns a hole between segments into a gap instead of closing it up', () => {
    const manifest = buildManifest(
      input({ document: document('stream'), orphans: [segment(0, 0, 100), segment(1, 160, 40)] }),
    );
    expect(manifest.gaps).toEqual([{ track: 'main', from: 100, to: 160, reason: 'interrupted' }]);
    expect(manifest.coverage[0]).toMatchObject({
      receivedSamples: 200,
      storedSamples: 140,
      gapSamples: 60,
      ratio: 0.7,
    });
  });

  it('counts a dropped tail, which no segment holds, once', () => {
    const gap = { track: 'main' as const, from: 100, to: 150, reason: 'dropped' as const };
    expect(coverageOf([segment(0, 0, 100)], [gap])[0]).toMatchObject({
      receivedSamples: 150,
      storedSamples: 100,
    });
    expect(holesOf([segment(0, 0, 100), segment(1, 150, 10)], [gap])).toEqual([]);
    expect(positionsOf([segment(0, 0, 100)], [gap])[0]).toMatchObject({ nextSample: 150, nextIndex: 1 });
  });

  it('says so when a live connection was lost', () => {
    const manifest = buildManifest(input({ document: document('stream'), interrupted: true }));
    expect(manifest.issues.map((issue) => issue.type)).toEqual(['stream_interrupted']);
  });

  it('names the segments of telephony tracks by their track', () => {
    expect(segmentFileName({ ...segment(3, 0, 1), track: 'inbound' })).toBe('inbound_3.wav');
  });
});

describe('positions', () => {
  it('continue behind the last sample and index of each track', () => {
    expect(positionsOf([segment(0, 0, 100), segment(1, 100, 60)])).toEqual([
      { track: 'main', sampleRate: 16_000, nextSample: 160, nextIndex: 2 },
    ]);
  });
});
