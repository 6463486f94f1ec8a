import { EarshotError } from '@earshot/protocol';
import type { EventFeed } from './event-feed.ts';

export interface StreamBounds {
  readonly all: number;
  readonly perTenant: number;
}

/** A place for one stream, taken before it is opened. */
interface StreamSeat {
  hold(feed: EventFeed): void;
  leave(): void;
}

/** The open event streams of this process, so many and no more. */
export interface OpenStreams {
  /** `service_unavailable` when the process has as many as it can, `rate_limit_exceeded` when the tenant has. */
  take(tenant: string): StreamSeat;
  /** Ends all in order. */
  end(): void;
  readonly count: number;
}

const RETRY_SECONDS = 5;

export function createOpenStreams(bounds: StreamBounds): OpenStreams {
  const feeds = new Set<EventFeed>();
  const taken = new Map<string, number>();
  let count = 0;

  function leave(tenant: string): void {
    count -= 1;
    const left = (taken.get(tenant) ?? 1) - 1;
    if (left === 0) taken.delete(tenant);
    else taken.set(tenant, left);
  }

  return {
    get count() {
      return count;
    },
    take(tenant) {
      const details = { retry_after_seconds: RETRY_SECONDS };
      const message = 'As many event streams are open as can be.';
      if (count >= bounds.all) throw new EarshotError('service_unavailable', { message, details });
      const own = taken.get(tenant) ?? 0;
      if (own >= bounds.perTenant) throw new EarshotError('rate_limit_exceeded', { message, details });
      count += 1;
      taken.set(tenant, own + 1);
      let held: EventFeed | null = null;
      let left = false;
      return {
        hold(feed) {
          held = feed;
          if (!left) feeds.add(feed);
        },
        leave() {
          if (left) return;
          left = true;
          if (held !== null) feeds.delete(held);
          leave(tenant);
        },
      };
    },
    end() {
      for (const feed of feeds) feed.end();
    },
  };
}
