import type { SessionRef, TrackName } from '@earshot/protocol';
import { computedAudio } from '@earshot/test-support';

/** What a test knows of one track: what it sent, and what the journal said about it. Positions in samples. */
export interface TrackClaim {
  readonly track: TrackName;
  readonly seed: number;
  /** Where its first record began. */
  readonly first: number;
  /** Behind the last sample handed to the journal, whether that succeeded or not. */
  readonly end: number;
  /** The highest position that was reported durable. */
  readonly durable: number;
  /** Below this the journal was told that nothing is needed any more. */
  readonly released: number;
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

/** What a test knows of one session. */
export interface SessionClaim {
  readonly ref: SessionRef;
  readonly sampleRate: number;
  /** The newest epoch that began, and the newest one that a durable report covered. */
  readonly epoch: number;
  readonly durableEpoch: number;
  /** The same for the count of `meta` texts given to `begin` and `describe`. */
  readonly meta: number;
  readonly durableMeta: number;
  readonly closeAsked: boolean;
  readonly erase: 'no' | 'asked' | 'done';
  readonly tracks: readonly TrackClaim[];
}

/** PCM16LE of a range of a track, gaps as zeros. */
export function expectedPcm(claim: Pick<TrackClaim, 'seed' | 'gaps'>, from: number, to: number): Uint8Array {
  const audio = computedAudio(claim.seed, from, to - from);
  for (const gap of claim.gaps) {
    const start = Math.max(gap.from, from);
    if (start < Math.min(gap.to, to)) audio.fill(0, start - from, Math.min(gap.to, to) - from);
  }
  return new Uint8Array(audio.buffer);
}

/** Equal bytes; both are read as they are, without a copy. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The claim of a session among others. */
export function claimOf(claims: readonly SessionClaim[], ref: SessionRef): SessionClaim | undefined {
  return claims.find((claim) => claim.ref.tenant === ref.tenant && claim.ref.sessionId === ref.sessionId);
}
