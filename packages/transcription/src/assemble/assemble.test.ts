import {
  CreateSessionRequest,
  type DecodedRecord,
  type Manifest,
  type SegmentEntry,
  type SegmentResult,
  type SessionDocument,
  Transcript,
} from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { type AssemblyInput, assembleTranscript } from './assemble.ts';

const NOW = '2026-01-02T03:04:05.000Z';

const session = (templates: string[] = []): SessionDocument => ({
  v: 1,
  tenant: 'acme',
  sessionId: 'ses_1',
  streamId: null,
  createdAt: NOW,
  expiresAt: NOW,
  createdBy: 'key_1',
  test: false,
  request: CreateSessionRequest.parse({ templates }),
  userStatus: null,
  processingStatus: null,
});

const manifest = (changes: Partial<Manifest> = {}): Manifest => ({
  v: 1,
  tenant: 'acme',
  sessionId: 'ses_1',
  endedAt: NOW,
  uploads: [],
  segments: [],
  gaps: [],
  coverage: [],
  issues: [],
  answer: {
    session_id: 'ses_1',
    status: 'processing',
    message: '',
    audio_files_received: 0,
    audio_files: [],
  },
  ...changes,
});

const decoded = (changes: Partial<DecodedRecord> = {}): DecodedRecord => ({
  v: 1,
  segments: [],
  gaps: [],
  coverage: [],
  filesDecoded: 1,
  issues: [],
  ...changes,
});

const segment = (index: number, changes: Partial<SegmentEntry> = {}): SegmentEntry => ({
  track: 'main',
  index,
  key: `k${index}`,
  sampleRate: 16_000,
  firstSample: index * 160_000,
  samples: 160_000,
  sha256: 'x',
  cut: 'pause',
  speechRatio: 1,
  levelDb: -20,
  speech: true,
  ...changes,
});

function result(
  index: number,
  said: [number, number, string][],
  changes: Partial<SegmentResult> = {},
): SegmentResult {
  const { track = 'main' } = changes;
  return {
    v: 1,
    track,
    index,
    attempt: 1,
    status: 'ok',
    engine: 'scripted',
    model: 'script',
    version: '1',
    language: 'en',
    timing: 'word',
    utterances: said.map(([startMs, endMs, text]) => ({ track, startMs, endMs, text, words: [] })),
    guarded: [],
    finishedAt: NOW,
    engineMs: 1,
    ...changes,
  };
}

const failedResult = (index: number): SegmentResult =>
  result(index, [], { status: 'failed', error: { reason: 'crashed', message: 'The process ended.' } });

function assemble(changes: Partial<AssemblyInput>): Transcript {
  const input = {
    session: session(),
    manifest: manifest(),
    decoded: null,
    segments: [],
    results: [],
    now: NOW,
  };
  return Transcript.parse(assembleTranscript({ ...input, ...changes }));
}

describe('a transcript', () => {
  it('places utterances and words on the session clock by their sample positions', () => {
    const word = { text: 'late', startMs: 500, endMs: 900, confidence: 0.5 };
    const late = result(2, []);
    late.utterances.push({ track: 'main', startMs: 500, endMs: 900, text: 'late', words: [word] });
    const transcript = assemble({
      segments: [
        segment(2, { firstSample: 441_003, sampleRate: 44_100 }),
        segment(0, { sampleRate: 44_100 }),
      ],
      results: [late, result(0, [[100, 2000, 'early']])],
    });
    expect(transcript.utterances).toEqual([
      expect.objectContaining({ text: 'early', startMs: 100, endMs: 2000 }),
      expect.objectContaining({
        text: 'late',
        startMs: 10_500,
        endMs: 10_900,
        words: [{ ...word, startMs: 10_500, endMs: 10_900 }],
      }),
    ]);
    expect(transcript).toMatchObject({
      status: 'completed',
      text: 'early\nlate',
      segmentsTotal: 2,
      segmentsFailed: 0,
    });
  });

  it('keeps whole numbers of milliseconds over hours, and times inside their segment', () => {
    const entry = segment(0, { sampleRate: 44_100, firstSample: 44_100 * 7200 + 1, samples: 44_100 });
    const [utterance] = assemble({ segments: [entry], results: [result(0, [[10.4, 5000, 'x']])] }).utterances;
    expect(utterance).toMatchObject({ startMs: 7_200_010, endMs: 7_201_000 });
  });

  it('merges tracks by start time and labels their lines', () => {
    const transcript = assemble({
      segments: [segment(0, { track: 'outbound' }), segment(0, { track: 'inbound' })],
      results: [
        result(
          0,
          [
            [0, 900, 'hello'],
            [2500, 4000, 'how can I help'],
          ],
          { track: 'outbound' },
        ),
        result(
          0,
          [
            [1000, 2000, 'hi'],
            [4100, 4500, 'well'],
            [4700, 5000, 'listen'],
          ],
          { track: 'inbound' },
        ),
      ],
    });
    expect(transcript.text).toBe(
      'outbound: hello\ninbound: hi\noutbound: how can I help\ninbound: well listen',
    );
  });

  it('is joined into one line within a breath, and broken at a longer silence', () => {
    const said = result(0, [
      [0, 1000, 'one'],
      [1500, 2000, 'two'],
      [5000, 6000, 'three'],
    ]);
    expect(assemble({ segments: [segment(0)], results: [said] }).text).toBe('one two\nthree');
  });

  it('is silent about segments without speech', () => {
    const quiet = result(1, [], { status: 'no_speech', language: null });
    const transcript = assemble({
      segments: [segment(0), segment(1)],
      results: [result(0, [[0, 1, 'a']]), quiet],
    });
    expect(transcript).toMatchObject({ status: 'completed', text: 'a', processingErrors: [] });
  });

  it('shows a failed segment and one without a result as holes with a reason', () => {
    const transcript = assemble({
      segments: [segment(0), segment(1), segment(2), segment(3)],
      results: [result(0, [[0, 1000, 'a']]), failedResult(1)],
      missing: { 'main-3': { reason: 'timeout', message: 'It took too long.' } },
    });
    expect(transcript).toMatchObject({ status: 'partial', segmentsTotal: 4, segmentsFailed: 3 });
    expect(transcript.processingErrors).toEqual([
      {
        type: 'segment_failed',
        message: 'The process ended.',
        details: { track: 'main', index: 1, startMs: 10_000, endMs: 20_000, reason: 'crashed' },
      },
      expect.objectContaining({ details: expect.objectContaining({ index: 2, reason: 'no_result' }) }),
      expect.objectContaining({ details: expect.objectContaining({ index: 3, reason: 'timeout' }) }),
    ]);
  });

  it('fails when every segment failed', () => {
    const transcript = assemble({ segments: [segment(0)], results: [failedResult(0)] });
    expect(transcript).toMatchObject({ status: 'failed', error: { code: 'processing_failed' } });
  });

  it('fails as too short without any audio, and as undecodable when files came to nothing', () => {
    expect(assemble({})).toMatchObject({
      status: 'failed',
      error: { code: 'audio_too_short' },
      engine: 'none',
    });
    const uploads = [{ sequence: 0 }] as unknown as Manifest['uploads'];
    const skipped = { type: 'audio_file_skipped', message: 'The audio is damaged.', file: '0.webm' };
    const transcript = assemble({
      manifest: manifest({ uploads }),
      decoded: decoded({ filesDecoded: 0, issues: [skipped] }),
    });
    expect(transcript).toMatchObject({ status: 'failed', error: { code: 'processing_failed' } });
    expect(transcript.processingErrors).toEqual([skipped]);
  });

  it('is partial with a gap, a missing file or a lost connection, and complete with a mere note', () => {
    const whole = { segments: [segment(0)], results: [result(0, [[0, 1, 'a']])] };
    const gap = { track: 'main', from: 0, to: 5, reason: 'missing_frames' } as const;
    const issue = (type: string) => ({ type, message: 'A sentence.' });
    expect(assemble({ ...whole, manifest: manifest({ gaps: [gap] }) }).status).toBe('partial');
    expect(assemble({ ...whole, decoded: decoded({ gaps: [gap] }) }).status).toBe('partial');
    for (const type of ['audio_file_missing', 'audio_files_mismatch', 'stream_interrupted']) {
      expect(assemble({ ...whole, manifest: manifest({ issues: [issue(type)] }) }).status).toBe('partial');
    }
    const noted = assemble({ ...whole, manifest: manifest({ issues: [issue('odd_bytes')] }) });
    expect(noted).toMatchObject({ status: 'completed', processingErrors: [issue('odd_bytes')] });
  });

  it('of a call that nobody wanted transcribed is empty and complete, and partial only where audio is missing', () => {
    const call = { callId: 'call_1', lineId: 'lin_1', record: true, transcribe: false };
    const unheard = { session: { ...session(['transcript']), call }, segments: [segment(0), segment(1)] };
    expect(assemble(unheard)).toMatchObject({
      status: 'completed',
      text: '',
      templates: { transcript: { status: 'success' } },
      processingErrors: [],
      segmentsFailed: 0,
    });
    const gap = { track: 'main', from: 0, to: 5, reason: 'missing_frames' } as const;
    expect(assemble({ ...unheard, manifest: manifest({ gaps: [gap] }) }).status).toBe('partial');
    expect(assemble({ ...unheard, segments: [] })).toMatchObject({ status: 'completed', segmentsTotal: 0 });
    const heard = { ...unheard.session, call: { ...call, transcribe: true } };
    expect(assemble({ ...unheard, session: heard }).status).toBe('failed');
  });

  it('names the engine, and the language of most words', () => {
    const transcript = assemble({
      segments: [segment(0), segment(1), segment(2)],
      results: [
        result(0, [[0, 1, 'hallo']], { language: 'de' }),
        result(1, [], { language: 'de' }),
        result(2, [[0, 1, 'many english words']]),
      ],
      decoded: decoded({ filesDecoded: 2 }),
    });
    expect(transcript).toMatchObject({
      languageDetected: 'en',
      engine: 'scripted',
      engineModel: 'script',
      engineVersion: '1',
      modelUsed: 'lite',
      audioFilesProcessed: 2,
    });
  });

  it('fills the built-in template, and fails others alone', () => {
    const good = assemble({
      session: session(['transcript', 'soap']),
      segments: [segment(0)],
      results: [result(0, [[0, 1, 'a']])],
    });
    expect(good.status).toBe('completed');
    expect(good.templates).toEqual({
      transcript: { status: 'success', data: { transcript: 'a' } },
      soap: { status: 'failed', error: expect.objectContaining({ code: 'template_not_found' }) },
    });
    expect(assemble({ session: session(['transcript']) }).templates).toMatchObject({
      transcript: { status: 'failed', error: { code: 'insufficient_audio' } },
    });
  });
});
