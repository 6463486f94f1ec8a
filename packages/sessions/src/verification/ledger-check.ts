import type { DecodedRecord, Gap, Manifest, SegmentEntry, TrackCoverage } from '@earshot/protocol';
import { coverageOf, holesOf } from '../core/coverage.ts';

/** A part of a session that accounts for itself: what live connections left, or what was cut from files. */
interface Ledger {
  readonly segments: readonly SegmentEntry[];
  readonly gaps: readonly Gap[];
  readonly coverage: readonly TrackCoverage[];
}

/** Does every sample stand in the ledger once, and do its sums hold? One sentence a problem. */
export function checkLedger(manifest: Manifest, decoded: DecodedRecord | null): string[] {
  return [manifest, ...(decoded === null ? [] : [decoded])].flatMap((ledger) => [
    ...overlapsOf(ledger.segments),
    ...holesOf(ledger.segments, ledger.gaps).map(
      ({ track, from, to }) => `${track} ${from} to ${to} is neither stored nor a gap`,
    ),
    ...wrongSums(ledger),
  ]);
}

function overlapsOf(segments: readonly SegmentEntry[]): string[] {
  const problems: string[] = [];
  const ends = new Map<string, number>();
  for (const { track, index, firstSample, samples } of segments.toSorted(
    (a, b) => a.firstSample - b.firstSample,
  )) {
    const end = ends.get(track) ?? 0;
    if (firstSample < end) problems.push(`${track} ${index} begins before the segment in front of it ends`);
    ends.set(track, Math.max(end, firstSample + samples));
  }
  return problems;
}

function wrongSums({ segments, gaps, coverage }: Ledger): string[] {
  const expected = coverageOf(segments, gaps, coverage);
  const told = new Map(coverage.map((one) => [one.track, one]));
  const problems = expected.flatMap(({ track, receivedSamples, storedSamples, gapSamples }) => {
    const one = told.get(track);
    const same =
      one?.receivedSamples === receivedSamples &&
      one.storedSamples === storedSamples &&
      one.gapSamples === gapSamples;
    return same ? [] : [`the coverage of ${track} is not what its segments and gaps add up to`];
  });
  return coverage.length === expected.length ? problems : [...problems, 'coverage names other tracks'];
}
