import type { HaltReason, IntakeHost, OpenOptions } from '@earshot/intake';
import { EarshotError, type SessionRef } from '@earshot/protocol';
import { Commit } from './commit.ts';
import { MemoryConnection } from './memory-connection.ts';
import { MemoryStream } from './memory-stream.ts';

const TICK_MS = 50;

/** A node's intake in memory, for what the edges do with it; faults are made to order. */
export interface MemoryHost extends IntakeHost {
  readonly commit: Commit;
  /** What every connection is told to wait for. */
  room: Promise<void> | undefined;
  maxLiveStreams: number;
  /** Runs before each `open`. */
  beforeOpen: () => void | Promise<void>;
  /** What each `open` was asked for. */
  readonly opened: OpenOptions[];
  stream(ref: SessionRef): MemoryStream;
  halt(ref: SessionRef, reason: HaltReason, flushMs?: number): void;
}

export function createMemoryHost(): MemoryHost {
  const streams = new Map<string, MemoryStream>();
  const live = () => [...streams.values()].flatMap((one) => one.connection ?? []);
  let opening = 0;
  let closing = false;
  const timer = setInterval(() => {
    for (const { listener } of live()) listener?.tick(performance.now());
  }, TICK_MS);

  const host: MemoryHost = {
    commit: new Commit(),
    room: undefined,
    maxLiveStreams: 100,
    beforeOpen: () => undefined,
    opened: [],
    stream(ref) {
      const stream = streams.get(ref.sessionId) ?? new MemoryStream(host, ref);
      streams.set(ref.sessionId, stream);
      return stream;
    },
    halt: (ref, reason, flushMs = 5000) => host.stream(ref).connection?.halt(reason, flushMs),
    async open(ref, options) {
      if (closing) throw new EarshotError('shutting_down');
      if (host.liveCount >= host.maxLiveStreams) throw new EarshotError('service_unavailable');
      opening += 1;
      try {
        await host.beforeOpen();
      } finally {
        opening -= 1;
      }
      const stream = host.stream(ref);
      if (stream.refusal !== undefined) throw stream.refusal;
      host.opened.push(options);
      stream.epoch += 1;
      const older = stream.connection;
      const connection = new MemoryConnection(stream, stream.epoch);
      stream.connection = connection;
      older?.halt('superseded', 0);
      return connection;
    },
    async standing(ref) {
      await host.commit.durable();
      return host.stream(ref).standing();
    },
    get liveCount() {
      return opening + live().length;
    },
    backlogBytes: 4096,
    recover: () => Promise.resolve(),
    async close(deadlineMs) {
      closing = true;
      for (const connection of live()) connection.halt('shutdown', deadlineMs);
      const until = performance.now() + deadlineMs;
      while (live().length > 0 && performance.now() < until) await new Promise((done) => setTimeout(done, 5));
      clearInterval(timer);
    },
  };
  return host;
}
