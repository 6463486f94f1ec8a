import type { SessionRef } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import type { StreamNotice } from '../ports.ts';
import { names } from './names.ts';

/** Change notices over Redis pub/sub: one subscriber connection a process, channels shared by their waiters. */
export interface Changes {
  publish(ref: SessionRef): Promise<void>;
  wait(ref: SessionRef, ms: number, signal: AbortSignal): Promise<void>;
  notify(node: string, notice: StreamNotice): Promise<void>;
  onNotice(listener: (notice: StreamNotice) => void): void;
  close(): Promise<void>;
}

/**
 * A connection that waits for Redis as long as it takes. The client library could subscribe again by itself after each
 * reconnect, but nobody would handle that promise: a timeout or a close at that moment would end the process.
 */
function patientCopy(redis: Redis): Redis {
  const copy = redis.duplicate({
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
  });
  delete copy.options.commandTimeout;
  return copy;
}

/** `node` names this process: notices to it arrive on its own channel. */
export function createChanges(redis: Redis, node: string): Changes {
  const subscriber = patientCopy(redis);
  const waiters = new Map<string, Set<() => void>>();
  const listeners = new Set<(notice: StreamNotice) => void>();
  subscriber.on('error', () => undefined);
  subscriber.on('message', (channel: string, message: string) => {
    if (channel === names.node(node)) {
      const notice = JSON.parse(message) as StreamNotice;
      for (const listener of listeners) listener(notice);
    }
    for (const wake of waiters.get(channel) ?? []) wake();
  });
  const subscribe = (...channels: string[]): void => {
    void subscriber.subscribe(...channels).catch(() => undefined);
  };
  subscriber.on('ready', () => subscribe(names.node(node), ...waiters.keys()));

  async function leave(channel: string, wake: () => void): Promise<void> {
    const set = waiters.get(channel);
    set?.delete(wake);
    if (set?.size !== 0) return;
    waiters.delete(channel);
    await subscriber.unsubscribe(channel).catch(() => undefined);
  }

  return {
    async publish(ref) {
      await redis.publish(names.changes(ref), '1');
    },
    async wait(ref, ms, signal) {
      if (signal.aborted || ms <= 0) return;
      const channel = names.changes(ref);
      const woken = deferred();
      const set = waiters.get(channel) ?? new Set();
      waiters.set(channel, set.add(woken.resolve));
      const timer = setTimeout(woken.resolve, ms);
      signal.addEventListener('abort', woken.resolve, { once: true });
      subscribe(channel);
      await woken.promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', woken.resolve);
      await leave(channel, woken.resolve);
    },
    async notify(target, notice) {
      await redis.publish(names.node(target), JSON.stringify(notice));
    },
    onNotice(listener) {
      listeners.add(listener);
    },
    close() {
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
