import type { Redis } from 'ioredis';
import { eventNames } from './event-names.ts';

/** Wakes whoever waits for events of a tenant: one connection a process, its channels shared by their waiters. */
export interface EventNotices {
  /** Calls `wake` at each notice until the returned function is called. */
  watch(tenant: string, wake: () => void): () => void;
  close(): void;
}

/** Opens its connection with the first watcher: a process without event streams needs none. */
export function createEventNotices(redis: Redis): EventNotices {
  const watchers = new Map<string, Set<() => void>>();
  let subscriber: Redis | null = null;
  let closed = false;

  function open(): Redis {
    const connection = redis.duplicate({
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      autoResubscribe: false,
    });
    delete connection.options.commandTimeout;
    connection.on('error', () => undefined);
    connection.on('message', (channel: string) => {
      for (const wake of watchers.get(channel) ?? []) wake();
    });
    // Subscribing anew is ours: the library would do it with a promise that nobody handles.
    connection.on('ready', () => {
      const channels = [...watchers.keys()];
      if (channels.length > 0) connection.subscribe(...channels).catch(() => undefined);
    });
    return connection;
  }

  return {
    watch(tenant, wake) {
      const channel = eventNames.notices(tenant);
      const set = watchers.get(channel) ?? new Set();
      watchers.set(channel, set.add(wake));
      if (!closed) {
        subscriber ??= open();
        if (set.size === 1) subscriber.subscribe(channel).catch(() => undefined);
      }
      return () => {
        if (!set.delete(wake) || set.size > 0) return;
        watchers.delete(channel);
        subscriber?.unsubscribe(channel).catch(() => undefined);
      };
    },
    close() {
      closed = true;
      subscriber?.disconnect();
    },
  };
}
