import type { JournalStream } from '@earshot/journal';
import { claimOf, expectedPcm, type SessionClaim, type TrackClaim } from '../oracle/claims.ts';
import type { Verdict } from '../oracle/verdict.ts';
import type { OpenedJournal } from './journal-script.ts';

const SAMPLES = 150;
const META_COUNT = 1_000_000;

/**
 * What a restarted node does next: a new writer in every recovered session, more audio, and a wait until it is
 * durable. Answers with what the journal has promised by then, positions told by the recovery included.
 */
export async function carryOn(
  { journal, recovery, time }: OpenedJournal,
  claims: readonly SessionClaim[],
  verdict: Verdict,
): Promise<SessionClaim[]> {
  const carried: SessionClaim[] = claims.filter((claim) => claim.erase !== 'no');
  for (const { stream } of recovery.streams) {
    const claim = claimOf(claims, stream.ref);
    if (claim === undefined || claim.erase !== 'no') continue;
    carried.push(continued(stream, claim, verdict));
  }
  await time.wait(journal.whenDurable());
  for (const claim of claims) {
    if (claim.closeAsked && claimOf(carried, claim.ref) === undefined) carried.push(claim);
  }
  return carried;
}

function continued(stream: JournalStream, claim: SessionClaim, verdict: Verdict): SessionClaim {
  const old = stream.epoch;
  const epoch = old + 1;
  stream.begin(epoch, { count: META_COUNT });
  const tracks = claim.tracks.map((track) => {
    const from = Math.max(stream.end(track.track), track.first);
    if (refuses(stream, { claim, track, epoch: old, from })) {
      stream.append(
        { epoch, track: track.track, sampleRate: claim.sampleRate, from },
        expectedPcm({ seed: track.seed, gaps: [] }, from, from + SAMPLES),
      );
    } else {
      verdict.wrong('samplesDoubled', `${claim.ref.sessionId} took audio of an old epoch`, SAMPLES);
    }
    const end = from + SAMPLES;
    const gaps = track.gaps.filter((gap) => gap.to <= from);
    const partial = track.gaps
      .filter((gap) => gap.from < from && gap.to > from)
      .map((gap) => ({ from: gap.from, to: from }));
    return { ...track, end, durable: end, gaps: [...gaps, ...partial] };
  });
  const meta = { meta: META_COUNT, durableMeta: META_COUNT, closeAsked: false };
  return { ...claim, ...meta, epoch, durableEpoch: epoch, tracks };
}

/** An epoch that was superseded may append nothing; a recovered 0 has none before it. */
function refuses(
  stream: JournalStream,
  { claim, track, epoch, from }: { claim: SessionClaim; track: TrackClaim; epoch: number; from: number },
): boolean {
  if (epoch === 0) return true;
  try {
    const range = { epoch, track: track.track, sampleRate: claim.sampleRate, from };
    stream.append(range, expectedPcm({ seed: track.seed + 1, gaps: [] }, from, from + SAMPLES));
    return false;
  } catch {
    return true;
  }
}
