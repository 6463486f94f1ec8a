import type {
  DecodedRecord,
  Manifest,
  ProcessingIssue,
  SegmentEntry,
  SegmentResult,
  SessionDocument,
  Transcript,
} from '@earshot/protocol';
import { mergeTracks, onSessionClock, segmentSpan } from './session-clock.ts';
import { templateResults } from './templates.ts';
import { transcriptText } from './transcript-text.ts';

export interface AssemblyInput {
  readonly session: SessionDocument;
  readonly manifest: Manifest;
  /** What the worker cut out of uploaded files; null for live streams. */
  readonly decoded: DecodedRecord | null;
  /** All segments of the session, in any order. */
  readonly segments: readonly SegmentEntry[];
  /** The chosen result of each segment, in any order; a segment may lack one. */
  readonly results: readonly SegmentResult[];
  /** Why a segment has no result, by `{track}-{index}`. */
  readonly missing?: Readonly<Record<string, { reason: string; message: string }>>;
  /** ISO 8601. */
  readonly now: string;
}

/** Issues that mean lost audio: a session with one of them is `partial`. Others are notes. */
export const LOSS_ISSUES: readonly string[] = [
  'audio_dropped',
  'audio_file_missing',
  'audio_file_skipped',
  'audio_files_mismatch',
  'gap_capped',
  'segment_conflict',
  'segment_failed',
  'stream_interrupted',
];

interface Judged {
  readonly entry: SegmentEntry;
  readonly result: SegmentResult | undefined;
}

const idOf = (segment: Pick<SegmentEntry, 'track' | 'index'>): string => `${segment.track}-${segment.index}`;

const NO_RESULT = { reason: 'no_result', message: 'The segment was not transcribed.' };

function failureOf({ entry, result }: Judged, input: AssemblyInput): ProcessingIssue | undefined {
  if (isUnheard(input) || (result !== undefined && result.status !== 'failed')) return undefined;
  const error = result?.error ?? input.missing?.[idOf(entry)] ?? NO_RESULT;
  const { track, index } = entry;
  return {
    type: 'segment_failed',
    message: error.message,
    details: { track, index, ...segmentSpan(entry), reason: error.reason },
  };
}

/** The value that most results share; the first of them when there is a tie. */
function majority<T>(values: readonly T[], key: (value: T) => string): T | undefined {
  const counts = new Map<string, { value: T; count: number }>();
  for (const value of values) {
    const entry = counts.get(key(value)) ?? { value, count: 0 };
    counts.set(key(value), { ...entry, count: entry.count + 1 });
  }
  return [...counts.values()].reduce<{ value: T; count: number } | undefined>(
    (best, entry) => (best === undefined || entry.count > best.count ? entry : best),
    undefined,
  )?.value;
}

function engineOf(results: readonly SegmentResult[]) {
  const heard = results.filter((result) => result.status === 'ok');
  const named = majority(heard.length > 0 ? heard : results, (result) =>
    [result.engine, result.model, result.version].join('\n'),
  );
  return {
    engine: named?.engine ?? 'none',
    engineModel: named?.model ?? 'none',
    engineVersion: named?.version ?? 'none',
  };
}

/** The language most of the words are in. */
function languageOf(results: readonly SegmentResult[]): string | null {
  const languages = results.flatMap((result) => {
    const words = result.utterances.flatMap((utterance) => utterance.text.split(/\s+/));
    return result.language === null ? [] : words.map(() => result.language);
  });
  return majority(languages, String) ?? null;
}

/** Of a call that is not to be transcribed no result is expected, and none is missed. */
const isUnheard = ({ session }: AssemblyInput): boolean => session.call?.transcribe === false;

function errorOf(input: AssemblyInput, failures: number): Transcript['error'] {
  if (isUnheard(input)) return undefined;
  if (input.segments.length === 0) {
    const undecodable = input.manifest.uploads.length > 0 && input.decoded?.filesDecoded === 0;
    return undecodable
      ? { code: 'processing_failed', message: 'None of the audio files could be decoded.' }
      : { code: 'audio_too_short', message: 'The session holds no audio.' };
  }
  return failures < input.segments.length
    ? undefined
    : { code: 'processing_failed', message: 'No part of the audio could be transcribed.' };
}

function statusOf(
  error: Transcript['error'],
  input: AssemblyInput,
  issues: readonly ProcessingIssue[],
): Transcript['status'] {
  if (error !== undefined) return 'failed';
  const gaps = input.manifest.gaps.length + (input.decoded?.gaps.length ?? 0);
  return gaps > 0 || issues.some((issue) => LOSS_ISSUES.includes(issue.type)) ? 'partial' : 'completed';
}

/**
 * Joins the results of a session's segments into its one transcript, on the session's clock. Pure: the same input
 * gives the same transcript. A failed segment is a visible hole, never silence.
 */
export function assembleTranscript(input: AssemblyInput): Transcript {
  const byId = new Map(input.results.map((result) => [idOf(result), result]));
  const segments: Judged[] = input.segments
    .toSorted((a, b) => a.index - b.index)
    .map((entry) => ({ entry, result: byId.get(idOf(entry)) }));
  const results = segments.flatMap(({ result }) => result ?? []);
  const failures = segments.flatMap((segment) => failureOf(segment, input) ?? []);
  const utterances = mergeTracks(
    segments.flatMap(({ entry, result }) => (result?.status === 'ok' ? onSessionClock(entry, result) : [])),
  );
  const tracks = new Set(input.segments.map((segment) => segment.track));
  const text = transcriptText(utterances, tracks.size > 1);
  const error = errorOf(input, failures.length);
  const issues = [...input.manifest.issues, ...(input.decoded?.issues ?? []), ...failures];
  return {
    v: 1,
    tenant: input.session.tenant,
    sessionId: input.session.sessionId,
    status: statusOf(error, input, issues),
    completedAt: input.now,
    modelUsed: input.session.request.model,
    ...engineOf(results),
    languageDetected: languageOf(results),
    text,
    utterances,
    templates: templateResults({
      requested: input.session.request.templates,
      text,
      failure: error?.code,
    }),
    ...(error === undefined ? {} : { error }),
    processingErrors: issues,
    segmentsTotal: segments.length,
    segmentsFailed: failures.length,
    audioFilesProcessed: input.decoded?.filesDecoded ?? segments.length - failures.length,
  };
}
