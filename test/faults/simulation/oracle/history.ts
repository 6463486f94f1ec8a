import type { EndAnswer, SessionRef, TrackName } from '@earshot/protocol';

/** What one connection brought on one track, as the oracle knows it; positions in samples of the track. */
export interface ConnectionHistory {
  readonly node: string;
  /** Which process of the node it was connected with. */
  start: number;
  /** The computed audio that it sends, and which sample of it comes first. */
  readonly seed: number;
  epoch: number;
  /** Where the server put its first sample; undefined while the server has not answered. */
  base: number | undefined;
  /** Which sample of the computed audio that is. */
  firstSample: number;
  /** Samples that the server took, gaps among them. */
  taken: number;
  /** Positions that its sender said are missing. */
  readonly gaps: { readonly from: number; readonly to: number }[];
  /** Everything below is durable, says the server. */
  durable: number;
  archived: number;
  /** The same connection on the session's second track. */
  readonly second: ConnectionHistory | undefined;
}

/** Everything that was promised about one session. */
export interface SessionHistory {
  readonly ref: SessionRef;
  readonly kind: 'acknowledged' | 'plain' | 'http';
  /** One, or two of a telephone call. */
  readonly tracks: readonly TrackName[];
  readonly connections: ConnectionHistory[];
  readonly endAnswers: EndAnswer[];
  /** An End was answered with success. */
  ended: boolean;
  /** Somebody asked for its erasure. */
  erased: boolean;
  /** Its client gave up: what it still had cannot be told from what the server has. */
  abandoned: string | undefined;
}

/** A promise that was broken. */
export interface Violation {
  readonly session: string;
  readonly rule: string;
  readonly what: string;
  readonly lost: number;
  readonly doubled: number;
}

/** What a run did, for the judgement at its end. */
export class History {
  readonly sessions: SessionHistory[] = [];
  readonly violations: Violation[] = [];
  /** Nodes whose disk is gone for ever. */
  readonly lostDisks = new Set<string>();
  /** Sessions whose End was written while a node that had audio of them was not up. */
  readonly endedWithout = new Set<string>();
  /** Objects whose writer died before it could hear of them. */
  readonly leftBehind = new Set<string>();
  /** The index was emptied or rolled back, and may give an epoch again that has no claim. */
  indexForgot = false;
  /** Claims that a node could not store, as `claimOf` names them. */
  readonly unstoredClaims = new Set<string>();

  violate(session: SessionHistory | undefined, rule: string, what: string): void {
    const name = session?.ref.sessionId ?? '';
    this.violations.push({ session: name, rule, what, lost: 0, doubled: 0 });
  }

  lose(session: SessionHistory, rule: string, what: string, samples: number): void {
    this.violations.push({ session: session.ref.sessionId, rule, what, lost: samples, doubled: 0 });
  }

  double(session: SessionHistory, rule: string, what: string, samples: number): void {
    this.violations.push({ session: session.ref.sessionId, rule, what, lost: 0, doubled: samples });
  }
}

/** Name of the claim of a node. */
export function claimOf(key: string, node: string): string {
  return `${key} ${node}`;
}

/** The end of the last sample that came; an announced gap behind it counts only when something follows it. */
export function heard({ base, taken, gaps }: ConnectionHistory): number {
  const end = (base ?? 0) + taken;
  return gaps.toReversed().reduce((to, gap) => (gap.to === to ? gap.from : to), end);
}
