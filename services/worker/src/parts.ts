import type { QueueProducer } from '@earshot/queue';
import type { DeliveryLog, EventLog, GuardedFetch, Log, Metrics } from '@earshot/runtime';
import type { SessionIndex } from '@earshot/sessions';
import type { CallArchive, ObjectStore, SessionArchive } from '@earshot/storage';
import type { Transcriber } from '@earshot/transcription';
import type { OpenedEngines } from './engines/engines.ts';

/** What handlers and the reconciler work with. */
export interface WorkerParts {
  readonly store: ObjectStore;
  readonly archive: SessionArchive;
  readonly callArchive: CallArchive;
  readonly producer: QueueProducer;
  readonly index: Pick<
    SessionIndex,
    | 'finish'
    | 'changed'
    | 'markSegment'
    | 'addSegments'
    | 'read'
    | 'liveStream'
    | 'notifyStream'
    | 'segments'
    | 'remove'
  >;
  readonly events: Pick<EventLog, 'append'>;
  readonly deliveries: Pick<DeliveryLog, 'note'>;
  readonly transcriber: Transcriber;
  readonly engines: OpenedEngines['byModel'];
  readonly fetch: GuardedFetch;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'add'>;
  readonly now: () => Date;
}
