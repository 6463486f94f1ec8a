import type {
  ClosedBy,
  ConnectionEnd,
  ConnectionListener,
  HaltReason,
  IntakeFrame,
  TrackStanding,
} from '@earshot/intake';
import {
  EarshotError,
  type Gap,
  type ProcessingIssue,
  type SessionRef,
  type TrackName,
} from '@earshot/protocol';
import type { Commit } from './commit.ts';

interface MemoryTrack {
  readonly sampleRate: number;
  readonly parts: Int16Array[];
  received: number;
  durable: number;
  archived: number;
}

/** The connection that feeds a stream now. */
interface CurrentConnection {
  readonly epoch: number;
  readonly listener: ConnectionListener | undefined;
  warn(issue: ProcessingIssue): void;
  halt(reason: HaltReason, flushMs: number): void;
}

/** What the streams of a host in memory share. */
export interface MemoryNode {
  readonly commit: Commit;
  room: Promise<void> | undefined;
}

/** One session's audio and everything that was told of its connections. */
export class MemoryStream {
  readonly ref: SessionRef;
  readonly host: MemoryNode;
  readonly tracks = new Map<TrackName, MemoryTrack>();
  readonly ends: (ConnectionEnd & { epoch: number })[] = [];
  readonly gaps: Gap[] = [];
  readonly warnings: ProcessingIssue[] = [];
  segments = 0;
  epoch = 0;
  connection: CurrentConnection | undefined;
  /** What the next `open` answers with. */
  refusal: Error | undefined;

  constructor(host: MemoryNode, ref: SessionRef) {
    this.host = host;
    this.ref = ref;
  }

  get closedBy(): ClosedBy[] {
    return this.ends.map((end) => end.closedBy);
  }

  append({ track, sampleRate, samples }: IntakeFrame): void {
    const known = this.tracks.get(track);
    if (known !== undefined && known.sampleRate !== sampleRate) throw new EarshotError('protocol_violation');
    const line = known ?? { sampleRate, parts: [], received: 0, durable: 0, archived: 0 };
    this.tracks.set(track, line);
    line.parts.push(samples.slice());
    line.received += samples.length;
    void this.host.commit.durable().then(
      () => {
        line.durable = Math.max(line.durable, line.received);
        this.connection?.listener?.progress();
      },
      () => undefined,
    );
  }

  standing(): TrackStanding[] {
    return [...this.tracks].map(([track, { sampleRate, received, durable, archived }]) => ({
      track,
      sampleRate,
      received,
      durable,
      archived,
    }));
  }

  ended(connection: CurrentConnection, end: ConnectionEnd): void {
    this.ends.push({ ...end, epoch: connection.epoch });
    if (this.connection === connection) this.connection = undefined;
  }

  /** Everything taken of a track, in order. */
  samples(track: TrackName = 'main'): Int16Array {
    const { parts, received } = this.tracks.get(track) ?? { parts: [], received: 0 };
    const joined = new Int16Array(received);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }
}
