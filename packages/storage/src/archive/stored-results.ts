import { SegmentResult, type SessionRef, type TrackName, Transcript } from '@earshot/protocol';
import { mapBounded } from '../concurrency/semaphore.ts';
import { keys, parseResultKey } from '../keys.ts';
import type { ObjectStore, WriteOutcome } from '../port/object-store.ts';
import { createDocuments, type Documents } from './document.ts';

/** What engines said, and the transcript made of it. */
export interface StoredResults {
  /** One per segment that has any, sorted by track and index; which one, `readResult` says. */
  readResults(ref: SessionRef): Promise<SegmentResult[]>;
  /** The latest attempt that did not fail, or else the latest. */
  readResult(ref: SessionRef, track: TrackName, index: number): Promise<SegmentResult | null>;
  createResult(ref: SessionRef, result: SegmentResult): Promise<WriteOutcome>;
  readTranscript(ref: SessionRef): Promise<Transcript | null>;
  createTranscript(transcript: Transcript): Promise<WriteOutcome>;
}

/** Attempts count from here without a hole, and nothing follows one that has not failed: mostly it is the only one. */
const FIRST_ATTEMPT = 1;
/** Segments whose results are read at once. */
const READS = 16;

export function createStoredResults(store: ObjectStore): StoredResults {
  const results = createDocuments(store, SegmentResult);
  const transcripts = createDocuments(store, Transcript);
  return {
    readResults: async (ref) => {
      const segments = [...(await attemptsBySegment(store, keys.results(ref))).values()];
      const found = await mapBounded(segments, READS, (attempts) => bestOf(results, attempts));
      return found.filter((result) => result !== null);
    },
    readResult: async (ref, track, index) => {
      const first = await results.read(keys.result(ref, { track, index, attempt: FIRST_ATTEMPT }));
      if (first?.status !== 'failed') return first;
      const segments = await attemptsBySegment(store, keys.segmentResults(ref, { track, index }));
      return bestOf(results, [...segments.values()].flat());
    },
    createResult: async (ref, result) => results.create(keys.result(ref, result), result),
    readTranscript: async (ref) => transcripts.read(keys.transcript(ref)),
    createTranscript: async (transcript) => transcripts.create(keys.transcript(transcript), transcript),
  };
}

interface Attempt {
  readonly key: string;
  readonly attempt: number;
}

async function attemptsBySegment(store: ObjectStore, prefix: string): Promise<Map<string, Attempt[]>> {
  const segments = new Map<string, Attempt[]>();
  for await (const { key } of store.listAll(prefix)) {
    const place = parseResultKey(key);
    if (place === null) continue;
    const folder = key.slice(0, key.lastIndexOf('/'));
    const attempts = segments.get(folder) ?? [];
    attempts.push({ key, attempt: place.attempt });
    segments.set(folder, attempts);
  }
  return segments;
}

/** Reads from the latest attempt backwards until one has not failed. */
async function bestOf(
  results: Documents<SegmentResult>,
  attempts: readonly Attempt[],
): Promise<SegmentResult | null> {
  let latest: SegmentResult | null = null;
  for (const { key } of [...attempts].sort((a, b) => b.attempt - a.attempt)) {
    const result = await results.read(key);
    if (result !== null && result.status !== 'failed') return result;
    latest ??= result;
  }
  return latest;
}
