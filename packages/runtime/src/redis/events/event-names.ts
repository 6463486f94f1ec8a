import type { EventRecord } from '@earshot/protocol';

/** Whose events: of one line, or with null those of the whole tenant. */
export interface EventPlace {
  readonly tenant: string;
  readonly lineId: string | null;
}

/** An event and its place in the log, by which a client that comes back tells where it was. */
export interface LoggedEvent {
  readonly id: string;
  readonly event: EventRecord;
}

/** The place before every event. */
export const EVENT_LOG_START = '0-0';

/** Redis keys of the event log. The braces keep one tenant's keys on one shard of a cluster. */
export const eventNames = {
  log: ({ tenant, lineId }: EventPlace): string =>
    `earshot:{events/${tenant}}:${lineId === null ? 'all' : `line:${lineId}`}`,
  seen: (tenant: string, eventId: string): string => `earshot:{events/${tenant}}:seen:${eventId}`,
  notices: (tenant: string): string => `earshot:events:${tenant}`,
} as const;
