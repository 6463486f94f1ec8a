import { LIMITS, type SegmentEntry } from '@earshot/protocol';
import { systemClock } from '../context/clock.ts';
import type { IntakeContext, LeaseHold, StreamLimits, StreamLog, StreamMetrics } from '../context/ports.ts';
import { createStorageSlots } from '../context/storage-slots.ts';
import type { StreamEnd } from '../intake/stream-end.ts';
import { createMemorySessions, type MemorySessions } from './memory-sessions.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

/** Log lines as they were written. */
export interface MemoryLog extends StreamLog {
  readonly lines: {
    readonly level: string;
    readonly fields: Record<string, unknown>;
    readonly message: string;
  }[];
}

export function createMemoryLog(): MemoryLog {
  const lines: MemoryLog['lines'] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

export const noMetrics: StreamMetrics = {
  streamOpened: () => undefined,
  streamClosed: () => undefined,
  segmentStored: () => undefined,
  bytesReceived: () => undefined,
};

export const noLease: LeaseHold = { suspend: () => Promise.resolve(), resume: () => undefined };

/** An intake's surroundings in memory. */
export interface IntakeBench {
  readonly context: IntakeContext;
  readonly sessions: MemorySessions;
  readonly store: MemoryStore;
  readonly log: MemoryLog;
}

export function createIntakeBench(limits: Partial<StreamLimits> = {}): IntakeBench {
  const sessions = createMemorySessions();
  const store = createMemoryStore();
  const log = createMemoryLog();
  const context: IntakeContext = {
    sessions,
    store,
    log,
    slots: createStorageSlots(4),
    limits: { ...LIMITS, ...limits },
    clock: systemClock,
    metrics: noMetrics,
    cut: {},
  };
  return { context, sessions, store, log };
}

/** The end of a connection that said stop. */
export function stopEnd(change: Partial<StreamEnd> = {}): StreamEnd {
  return {
    closedBy: 'stop',
    format: { dialect: 'raw', encoding: 'pcm16', bigEndian: false, callId: null, providerStreamId: null },
    stats: { frames: 1, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 },
    flushMs: 5000,
    ...change,
  };
}

/** The samples of stored segments, one after the other. */
export function samplesOf(
  objects: ReadonlyMap<string, Uint8Array>,
  segments: readonly SegmentEntry[],
): Int16Array {
  const parts = segments.map((segment) => {
    const wav = objects.get(segment.key);
    if (wav === undefined) throw new Error(`nothing is stored at ${segment.key}`);
    return new Int16Array(wav.slice(44).buffer);
  });
  const joined = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
