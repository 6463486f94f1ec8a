import type { SegmentEntry, SessionRef } from '@earshot/protocol';
import type { SegmentStatus, SessionRow, StreamLease } from '@earshot/sessions';

/** What the index keeps of one session. */
export interface IndexedSession {
  row: SessionRow | null;
  readonly segments: Map<string, SegmentEntry>;
  readonly statuses: Map<string, SegmentStatus>;
  lease: { readonly lease: StreamLease; readonly untilMs: number } | null;
}

/** The data of the index: what is lost when it is emptied, and comes back when it is rolled back. */
export class IndexData {
  complete = true;
  readonly sessions = new Map<string, IndexedSession>();

  of(ref: SessionRef): IndexedSession {
    const name = nameOf(ref);
    const known = this.sessions.get(name);
    if (known !== undefined) return known;
    const fresh = { row: null, segments: new Map(), statuses: new Map(), lease: null };
    this.sessions.set(name, fresh);
    return fresh;
  }

  copy(): IndexData {
    const copied = new IndexData();
    copied.complete = this.complete;
    for (const [name, session] of this.sessions) {
      copied.sessions.set(name, {
        ...session,
        segments: new Map(session.segments),
        statuses: new Map(session.statuses),
      });
    }
    return copied;
  }
}

export function nameOf(ref: SessionRef): string {
  return `${ref.tenant}/${ref.sessionId}`;
}
