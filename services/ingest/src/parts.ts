import type { Lifecycle, Log, Metrics } from '@earshot/runtime';
import type { ObjectStore, SessionArchive } from '@earshot/storage';
import type { Redis } from 'ioredis';
import type { IngestConfig } from './config.ts';
import type { NodeJournal } from './journal/open-journal.ts';

/** What every part of the service is built from. */
export interface Parts {
  readonly config: IngestConfig;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly store: ObjectStore;
  readonly archive: SessionArchive;
  readonly redis: Redis;
  readonly node: string;
  readonly journal: NodeJournal;
}
