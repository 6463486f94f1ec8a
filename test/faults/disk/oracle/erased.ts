import type { SimulatedDisk } from '../simulated-disk.ts';
import { expectedPcm, type SessionClaim } from './claims.ts';
import type { Verdict } from './verdict.ts';

const WINDOW_SAMPLES = 8;
const STRIDE_SAMPLES = 160;

/** Looks for audio of erased sessions in the raw bytes of every file. */
export function judgeErasure(disk: SimulatedDisk, claims: readonly SessionClaim[], verdict: Verdict): void {
  const erased = claims.filter((claim) => claim.erase === 'done');
  if (erased.length === 0) return;
  const files = disk
    .files()
    .map(({ content }) => Buffer.from(content.buffer, content.byteOffset, content.length));
  for (const { ref, tracks } of erased) {
    for (const track of tracks) {
      const left = traces(track).filter((trace) => files.some((file) => file.includes(trace)));
      if (left.length > 0)
        verdict.wrong('falseAcks', `${ref.sessionId} ${track.track} was erased and is on disk`);
    }
  }
}

function traces(track: SessionClaim['tracks'][number]): Buffer[] {
  const out: Buffer[] = [];
  for (let from = track.first; from + WINDOW_SAMPLES < track.end; from += STRIDE_SAMPLES) {
    const inGap = track.gaps.some((gap) => gap.from < from + WINDOW_SAMPLES && gap.to > from);
    if (!inGap) out.push(Buffer.from(expectedPcm(track, from, from + WINDOW_SAMPLES)));
  }
  return out;
}
