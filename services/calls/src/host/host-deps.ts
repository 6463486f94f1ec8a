import type { IntakeHost } from '@earshot/intake';
import type { CallRecord, SessionRef } from '@earshot/protocol';
import type { Log } from '@earshot/runtime';
import type { CallIndex, Sessions } from '@earshot/sessions';
import type { CallArchive } from '@earshot/storage';
import type { Announce, Carrier } from '../ports.ts';

/** What the host of calls works with. */
export interface CallHostDeps {
  readonly archive: CallArchive;
  readonly index: CallIndex;
  readonly intake: Pick<IntakeHost, 'open'>;
  readonly sessions: Pick<Sessions, 'end' | 'load'>;
  /** Creates the session that keeps a call's audio. */
  readonly createSession: (record: CallRecord) => Promise<SessionRef>;
  readonly carriers: ReadonlyMap<string, Carrier>;
  readonly announce: Announce;
  readonly log: Log;
  readonly node: string;
  readonly maxCalls: number;
}
