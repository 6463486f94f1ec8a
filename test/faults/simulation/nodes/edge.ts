import type { Connection, ConnectionEnd, HaltReason, IntakeHost, TrackStanding } from '@earshot/intake';
import { EarshotError, ERRORS, type SessionRef, type TrackName } from '@earshot/protocol';
import { type ConnectionHistory, type History, heard, type SessionHistory } from '../oracle/history.ts';
import type { Life, Scheduler } from '../scheduler/scheduler.ts';
import type { ClientMessage, Link } from '../world/link.ts';

/** Sample rate of every simulated stream, Hz. */
export const RATE = 8000;

/** What an edge needs of its process and of the run. */
export interface EdgeContext {
  readonly host: IntakeHost;
  readonly life: Life;
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly reach: (branch: 'late frame of an older connection refused') => void;
}

/** A client's request to feed a session. */
export interface Opening {
  readonly ref: SessionRef;
  readonly session: SessionHistory;
  readonly connection: ConnectionHistory;
  readonly from: number | undefined;
}

/** After a halt audio is taken for this long, ms. */
const DRAIN_MS = 300;
const FORMAT = {
  dialect: 'raw',
  encoding: 'pcm16',
  bigEndian: false,
  callId: null,
  providerStreamId: null,
} as const;
const STATS = { malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 } as const;

/** How a connection ends, for the record. */
export function endingOf(closedBy: ConnectionEnd['closedBy'], frames: number): ConnectionEnd {
  return { closedBy, format: FORMAT, stats: { frames, ...STATS } };
}

/** The standing of a track, the only one by default. */
export function standingOf(
  tracks: readonly TrackStanding[],
  name: TrackName = 'main',
): {
  received: number;
  durable: number;
  archived: number;
} {
  return tracks.find(({ track }) => track === name) ?? { received: 0, durable: 0, archived: 0 };
}

/** Serves one socket of a client: the rules of the acknowledged stream, without its text. */
export class SocketEdge {
  readonly #context: EdgeContext;
  readonly #link: Link;
  readonly #opening: Opening;
  readonly #waiting: ClientMessage[] = [];
  #connection: Connection | undefined;
  #frames = 0;
  #busy = true;
  #over = false;
  /** The client is gone; what came before is still taken. */
  #hungUp = false;

  constructor(context: EdgeContext, link: Link, opening: Opening) {
    this.#context = context;
    this.#link = link;
    this.#opening = opening;
    link.server = {
      life: context.life,
      message: (message) => {
        this.#waiting.push(message);
        void this.#take();
      },
      gone: () => {
        this.#hungUp = true;
        void this.#take();
      },
    };
    void this.#open();
  }

  async #open(): Promise<void> {
    const { ref, from, connection: told } = this.#opening;
    let connection: Connection;
    try {
      connection = await this.#context.host.open(ref, {
        transport: 'websocket',
        ...(from === undefined ? {} : { from }),
      });
    } catch (error) {
      this.#over = true;
      this.#context.scheduler.note(
        `${this.#context.life.name} refuses ${ref.sessionId}: ${String(error)} ${JSON.stringify((error as EarshotError).details ?? {})}`,
      );
      this.#link.closeByServer(closeCodeOf(error));
      return;
    }
    this.#connection = connection;
    for (const [track, history] of this.#histories()) {
      history.epoch = connection.epoch;
      history.base = Math.max(standingOf(connection.standing(), track).received, from ?? 0);
    }
    const base = told.base ?? 0;
    this.#context.scheduler.note(
      `${this.#context.life.name} opened ${ref.sessionId}`,
      connection.epoch,
      base,
    );
    connection.begin({
      halt: (reason, flushMs) => this.#halt(reason, flushMs),
      progress: () => this.#acknowledge(),
      segment: () => undefined,
      warning: () => undefined,
      tick: () => undefined,
    });
    this.#link.toClient({ kind: 'ready', epoch: connection.epoch, next: base });
    this.#acknowledge();
    this.#busy = false;
    await this.#take();
  }

  /** Takes what arrived, one message at a time, pausing where the node asks for it. */
  async #take(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || this.#busy) return;
    this.#busy = true;
    for (;;) {
      if (this.#over) return;
      const message = this.#waiting.shift();
      if (message === undefined) break;
      if (message.kind === 'stop') return this.#finish('stop', 1000);
      if (message.kind === 'gap') this.#skip(connection, message);
      else if (!this.#write(connection, message)) return;
      await connection.room();
    }
    this.#busy = false;
    if (this.#hungUp) await this.#finish('client', undefined);
  }

  /** The first sample has to be known: a gap before it would move what the oracle counts from. */
  #skip(connection: Connection, { track, samples }: ClientMessage & { kind: 'gap' }): void {
    const told = this.#historyOf(track);
    if (told.taken === 0) return;
    connection.gap(track, samples, 'missing_frames');
    const from = told.base! + told.taken;
    told.gaps.push({ from, to: from + samples });
    told.taken += samples;
  }

  /** What the oracle knows of this connection, track by track. */
  #histories(): [TrackName, ConnectionHistory][] {
    const { session, connection } = this.#opening;
    return [connection, connection.second].flatMap((history, at) => {
      const track = session.tracks[at];
      return history === undefined || track === undefined ? [] : [[track, history]];
    });
  }

  #historyOf(track: TrackName): ConnectionHistory {
    return this.#histories().find(([name]) => name === track)![1];
  }

  #write(connection: Connection, { track, samples, from }: ClientMessage & { kind: 'audio' }): boolean {
    const told = this.#historyOf(track);
    try {
      connection.write({ track, sampleRate: RATE, samples });
    } catch (error) {
      if (error instanceof EarshotError && error.code === 'stream_superseded') {
        this.#context.reach('late frame of an older connection refused');
      }
      void this.#finish('error', closeCodeOf(error));
      return false;
    }
    if (told.taken === 0) told.firstSample = from;
    told.taken += samples.length;
    this.#frames += 1;
    return true;
  }

  #halt(reason: HaltReason, flushMs: number): void {
    this.#context.scheduler.note(
      `${this.#context.life.name} halts ${reason}`,
      this.#opening.connection.epoch,
    );
    if (reason === 'superseded') this.#tryLateFrame();
    if (reason === 'superseded' || reason === 'erased' || reason === 'failed') {
      void this.#finish('superseded', reason === 'superseded' ? 4409 : 1000);
      return;
    }
    const code = reason === 'shutdown' ? 1012 : reason === 'no_room' ? 1013 : 1000;
    const { scheduler, life } = this.#context;
    // What is on its way to us has arrived by then, unless the link is slow.
    scheduler.after(
      Math.min(flushMs, DRAIN_MS),
      `${life.name} flushed`,
      () => void this.#finish('server', code),
      life,
    );
  }

  /** What a half-open connection may still bring must not be taken. */
  #tryLateFrame(): void {
    const samples = new Int16Array(80).fill(1234);
    try {
      this.#connection?.write({
        track: this.#opening.session.tracks[0] ?? 'main',
        sampleRate: RATE,
        samples,
      });
      this.#context.history.violate(this.#opening.session, 'I5', 'a superseded connection could write');
    } catch (error) {
      if (!(error instanceof EarshotError)) throw error;
      this.#context.reach('late frame of an older connection refused');
    }
  }

  #acknowledge(): void {
    if (this.#connection === undefined) return;
    const standing = this.#connection.standing();
    for (const [track, told] of this.#histories()) {
      const { durable, archived } = standingOf(standing, track);
      told.durable = Math.max(told.durable, durable);
      told.archived = Math.max(told.archived, archived);
    }
    const { durable, archived } = standingOf(standing);
    this.#link.toClient({ kind: 'ack', durable, archived });
  }

  async #finish(closedBy: ConnectionEnd['closedBy'], code: number | undefined): Promise<void> {
    if (this.#over || this.#connection === undefined) return;
    this.#over = true;
    const connection = this.#connection;
    const outcome = await connection.finish(endingOf(closedBy, this.#frames)).catch((error: unknown) => {
      this.#context.history.violate(this.#opening.session, 'finish', String(error));
      return undefined;
    });
    if (outcome?.durable === true && closedBy !== 'superseded' && closedBy !== 'error') {
      for (const [, told] of this.#histories()) {
        if (told.taken > 0) told.durable = Math.max(told.durable, heard(told));
      }
    }
    this.#acknowledge();
    if (code !== undefined) this.#link.closeByServer(code);
  }
}

function closeCodeOf(error: unknown): number {
  return error instanceof EarshotError ? ERRORS[error.code].closeCode : 1011;
}
