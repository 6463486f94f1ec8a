import type { LinkSigner } from '@earshot/runtime';
import type { CallArchive, ObjectStore } from '@earshot/storage';
import type { Announce, Calls } from '../ports.ts';

/** What the routes of recordings work with. */
export interface RecordingDeps {
  readonly store: Pick<ObjectStore, 'head' | 'read' | 'remove'>;
  readonly archive: Pick<
    CallArchive,
    | 'createRecordingsRemoved'
    | 'listLines'
    | 'readCall'
    | 'readLine'
    | 'readRecordingsRemoved'
    | 'readSidecar'
  >;
  readonly calls: Pick<Calls, 'get' | 'list'>;
  readonly links: LinkSigner;
  readonly announce: Announce;
  /** Where clients reach this server; what a request says when absent. */
  readonly publicOrigin?: string | undefined;
  readonly now: () => Date;
}
