import type { JournalStream, RecoveredStream, Recovery } from '@earshot/journal';
import { claimOf, expectedPcm, type SessionClaim, sameBytes, type TrackClaim } from './claims.ts';
import type { Verdict } from './verdict.ts';

/** Compares what a journal found when it was opened with what it had claimed before the crash. */
export async function judgeRecovery(
  recovery: Recovery,
  claims: readonly SessionClaim[],
  verdict: Verdict,
): Promise<void> {
  for (const claim of claims) {
    const found = recovery.streams.filter(({ stream }) => claimOf([claim], stream.ref) !== undefined);
    const [recovered] = found;
    if (found.length > 1) verdict.wrong('samplesDoubled', `${claim.ref.sessionId} was recovered twice`);
    if (claim.erase !== 'no') {
      if (recovered !== undefined) await judgeErased(recovered.stream, claim, verdict);
    } else if (recovered === undefined) {
      judgeAbsent(claim, verdict);
    } else {
      await judgeSession(recovered, claim, verdict);
    }
  }
  for (const { stream } of recovery.streams) {
    if (claimOf(claims, stream.ref) === undefined) {
      verdict.wrong('samplesDoubled', `${stream.ref.sessionId} was recovered and never existed`);
    }
  }
}

function judgeAbsent(claim: SessionClaim, verdict: Verdict): void {
  if (claim.closeAsked) return;
  for (const { track, durable, released, first } of claim.tracks) {
    const lost = durable - Math.max(released, first);
    if (lost <= 0) continue;
    verdict.wrong('samplesLost', `${claim.ref.sessionId} ${track} is gone below ${durable}`, lost);
    verdict.wrong('falseAcks', `${claim.ref.sessionId} ${track} was durable up to ${durable}`);
  }
  if (claim.durableEpoch > 0) {
    verdict.wrong(
      'falseAcks',
      `${claim.ref.sessionId} is forgotten, epoch ${claim.durableEpoch} was durable`,
    );
  }
}

async function judgeSession(
  recovered: RecoveredStream,
  claim: SessionClaim,
  verdict: Verdict,
): Promise<void> {
  const { stream, meta } = recovered;
  const name = claim.ref.sessionId;
  if (stream.epoch < claim.durableEpoch && !claim.closeAsked) {
    verdict.wrong('falseAcks', `${name} has epoch ${stream.epoch}, ${claim.durableEpoch} was durable`);
  }
  if (stream.epoch > claim.epoch) verdict.wrong('samplesDoubled', `${name} has an epoch that never began`);
  const count = typeof meta['count'] === 'number' ? meta['count'] : 0;
  if ((count < claim.durableMeta && !claim.closeAsked) || count > claim.meta) {
    verdict.wrong('falseAcks', `${name} has meta ${count}, ${claim.durableMeta} was durable`);
  }
  for (const track of claim.tracks) await judgeTrack(stream, { claim, track }, verdict);
  for (const range of stream.ranges()) {
    if (claim.tracks.some((track) => track.track === range.track)) continue;
    verdict.wrong('samplesDoubled', `${name} has a track ${range.track} that was never sent`);
  }
}

async function judgeTrack(
  stream: JournalStream,
  { claim, track }: { claim: SessionClaim; track: TrackClaim },
  verdict: Verdict,
): Promise<void> {
  const name = `${claim.ref.sessionId} ${track.track}`;
  const needed = claim.closeAsked ? track.end : Math.max(track.released, track.first);
  const end = stream.end(track.track);
  const start = stream.start(track.track);
  if (end < track.durable && !claim.closeAsked) {
    verdict.wrong('samplesLost', `${name} ends at ${end}, ${track.durable} was durable`, track.durable - end);
    verdict.wrong('falseAcks', `${name} was durable up to ${track.durable}`);
  }
  if (end > track.end)
    verdict.wrong('samplesDoubled', `${name} ends at ${end}, ${track.end} was sent`, end - track.end);
  const missing = Math.min(start, track.durable) - needed;
  if (missing > 0) verdict.wrong('samplesLost', `${name} starts at ${start}, not at ${needed}`, missing);
  if (stream.durable(track.track) > end) verdict.wrong('falseAcks', `${name} is durable beyond its end`);
  judgeOrder(stream, track, { name, verdict });
  judgeGaps(stream, track, { name, verdict });
  await judgeAudio(stream, track, { name, verdict });
}

function judgeOrder(stream: JournalStream, track: TrackClaim, { name, verdict }: Judging): void {
  let at = stream.start(track.track);
  for (const range of stream.ranges()) {
    if (range.track !== track.track) continue;
    if (range.from < at)
      verdict.wrong('samplesDoubled', `${name} holds ${range.from} twice`, at - range.from);
    if (range.from > at) verdict.wrong('samplesLost', `${name} has a hole at ${at}`, range.from - at);
    at = range.to;
  }
  if (at !== stream.end(track.track)) verdict.wrong('samplesLost', `${name} ends at ${at} in its ranges`);
}

/** Gaps that were sent are told again, and no other: after a crash alone nothing is corrupt. */
function judgeGaps(stream: JournalStream, track: TrackClaim, { name, verdict }: Judging): void {
  const [start, end] = [stream.start(track.track), stream.end(track.track)];
  const told = stream.gaps().filter((gap) => gap.track === track.track);
  const sentGaps = joined(track.gaps).filter((gap) => gap.to > start && gap.from < end);
  for (const gap of told) {
    const sent = sentGaps.some((other) => other.from <= gap.from && other.to >= gap.to);
    if (!sent)
      verdict.wrong('samplesLost', `${name} has a gap at ${gap.from}, ${gap.reason}`, gap.to - gap.from);
  }
  for (const gap of sentGaps) {
    const clipped = { from: Math.max(gap.from, start), to: Math.min(gap.to, end) };
    // A gap around the very place at which everything is released and nothing more has come: none of it is held.
    if (clipped.from >= clipped.to) continue;
    const honest = told.some((other) => other.from <= clipped.from && other.to >= clipped.to);
    if (!honest) verdict.wrong('samplesDoubled', `${name} hides the gap at ${gap.from}`, gap.to - gap.from);
  }
}

/** Gaps that touch are one, as the journal tells them. */
function joined(gaps: TrackClaim['gaps']): { from: number; to: number }[] {
  const out: { from: number; to: number }[] = [];
  for (const { from, to } of gaps) {
    const last = out.at(-1);
    if (last?.to === from) last.to = to;
    else out.push({ from, to });
  }
  return out;
}

async function judgeAudio(
  stream: JournalStream,
  track: TrackClaim,
  { name, verdict }: Judging,
): Promise<void> {
  const [from, to] = [stream.start(track.track), Math.min(stream.end(track.track), track.end)];
  if (to <= from) return;
  try {
    const pcm = await stream.read(track.track, from, to);
    const expected = expectedPcm(track, from, to);
    if (sameBytes(pcm, expected)) return;
    const wrong = pcm.findIndex((byte, at) => byte !== expected[at]);
    const at = from + Math.floor((wrong < 0 ? expected.length : wrong) / 2);
    verdict.wrong('samplesDoubled', `${name} reads what was not sent at ${at}`, to - at);
  } catch (error) {
    verdict.wrong('samplesLost', `${name} cannot be read: ${String(error)}`, to - from);
  }
}

/** A session that was being erased may be there or not, but is never served wrong; an erased one never at all. */
async function judgeErased(stream: JournalStream, claim: SessionClaim, verdict: Verdict): Promise<void> {
  for (const track of claim.tracks) {
    const [from, to] = [stream.start(track.track), stream.end(track.track)];
    if (to <= from) continue;
    const pcm = await stream.read(track.track, from, to).catch(() => undefined);
    if (pcm === undefined || pcm.every((byte) => byte === 0)) continue;
    const name = `${claim.ref.sessionId} ${track.track}`;
    const expected = expectedPcm(track, from, to);
    const mixed = pcm.some((byte, at) => byte !== 0 && byte !== expected[at]);
    if (mixed) verdict.wrong('samplesDoubled', `${name}, being erased, reads what was never sent`);
    if (claim.erase === 'done') verdict.wrong('falseAcks', `${name} was erased and can be read`);
  }
}

interface Judging {
  readonly name: string;
  readonly verdict: Verdict;
}
