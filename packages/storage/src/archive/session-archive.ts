import type { ObjectStore } from '../port/object-store.ts';
import { createStoredAccess, type StoredAccess } from './stored-access.ts';
import { createStoredAudio, type StoredAudio } from './stored-audio.ts';
import { createStoredResults, type StoredResults } from './stored-results.ts';
import { createStoredRetention, type StoredRetention } from './stored-retention.ts';
import { createStoredSessions, type StoredSessions } from './stored-sessions.ts';

/**
 * Every stored document by its type. Missing documents are null; `create…` keeps what is there and says `exists`;
 * a document that cannot be understood is an `internal_error` that names its key.
 */
export interface SessionArchive
  extends StoredSessions,
    StoredAudio,
    StoredResults,
    StoredAccess,
    StoredRetention {}

export function createSessionArchive(store: ObjectStore): SessionArchive {
  return {
    ...createStoredSessions(store),
    ...createStoredAudio(store),
    ...createStoredResults(store),
    ...createStoredAccess(store),
    ...createStoredRetention(store),
  };
}
