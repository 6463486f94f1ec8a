import { EventRecord, LIMITS } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import { unavailable } from '../unavailable.ts';
import { EVENT_LOG_START, type EventPlace, eventNames, type LoggedEvent } from './event-names.ts';
import { createEventNotices } from './event-notices.ts';
import { follow } from './following.ts';

/**
 * The latest events of each line and each tenant, for clients that come back. An event of a line has the same place in
 * both logs. It is no record of truth: what happened while Redis was away is missing in it.
 */
export interface EventLog {
  /** Adds an event once, however often it is announced. Never rejects; false when it was there or could not be added. */
  append(event: EventRecord): Promise<boolean>;
  /** Events behind `after`, or from the oldest on with null; `limit` at most. `service_unavailable` while Redis is away. */
  read(place: EventPlace, after: string | null, limit: number): Promise<LoggedEvent[]>;
  /** The place behind which nothing has happened yet. `service_unavailable` while Redis is away. */
  end(place: EventPlace): Promise<string>;
  /** True for `EVENT_LOG_START` and for the place of an event that is still kept. `service_unavailable` while Redis is away. */
  knows(place: EventPlace, id: string): Promise<boolean>;
  /**
   * Every event behind `after` as it comes, until the signal aborts; waits while Redis is away. `reset`: events may be
   * missing, as the follower was too slow or Redis was emptied; what is kept comes next.
   */
  follow(place: EventPlace, after: string, signal: AbortSignal): AsyncIterable<LoggedEvent | 'reset'>;
  close(): void;
}

const LOG_ID = /^[0-9]{1,20}-[0-9]{1,20}$/;
/** An event that is announced again within this time is known, seconds. */
const SEEN_SECONDS = 86_400;
const SECONDS_PER_DAY = 86_400;

/**
 * KEYS: seen, the tenant's log, and the line's where there is one. ARGV: the event, how many each log keeps, how long a
 * log is kept without news, how long an id is remembered, the channel that is told.
 */
const APPEND = `
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[5]) then return 0 end
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
if KEYS[3] then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], id, 'e', ARGV[1])
  redis.call('EXPIRE', KEYS[3], ARGV[4])
end
redis.call('PUBLISH', ARGV[6], id)
return 1`;

/** Opens the log on a connection that fails fast; `close` leaves that connection open. */
export function createEventLog(redis: Redis): EventLog {
  const notices = createEventNotices(redis);
  const range = async (place: EventPlace, from: string, limit: number): Promise<LoggedEvent[]> =>
    decode(await redis.xrange(eventNames.log(place), from, '+', 'COUNT', limit).catch(unavailable));
  return {
    async append(event) {
      try {
        return (await add(redis, event)) === 1;
      } catch {
        return false;
      }
    },
    read: (place, after, limit) => range(place, after === null ? '-' : `(${after}`, limit),
    async end(place) {
      const newest = redis.xrevrange(eventNames.log(place), '+', '-', 'COUNT', 1);
      const [last] = await newest.catch(unavailable);
      return last?.[0] ?? EVENT_LOG_START;
    },
    async knows(place, id) {
      if (id === EVENT_LOG_START) return true;
      if (!LOG_ID.test(id)) return false;
      return (await redis.xrange(eventNames.log(place), id, id).catch(unavailable)).length > 0;
    },
    follow: (place, after, signal) => follow({ range, notices }, { place, after }, signal),
    close: () => notices.close(),
  };
}

function add(redis: Redis, event: EventRecord): Promise<unknown> {
  const { tenant, lineId } = event;
  const keys = [eventNames.seen(tenant, event.id), eventNames.log({ tenant, lineId: null })];
  if (lineId !== null) keys.push(eventNames.log({ tenant, lineId }));
  return redis.eval(
    APPEND,
    keys.length,
    ...keys,
    JSON.stringify(event),
    LIMITS.maxEventsPerTenant,
    LIMITS.maxEventsPerLine,
    LIMITS.keepEventsDays * SECONDS_PER_DAY,
    SEEN_SECONDS,
    eventNames.notices(tenant),
  );
}

/** Entries that another version wrote and that cannot be read are left out. */
function decode(entries: readonly [string, string[]][]): LoggedEvent[] {
  return entries.flatMap(([id, fields]) => {
    const event = EventRecord.safeParse(parseJson(fields[1] ?? ''));
    return event.success ? [{ id, event: event.data }] : [];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
