import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, IntakeHost } from '@earshot/intake';
import { EarshotError, LIMITS, type SessionRef } from '@earshot/protocol';

/** Ticks that are written together: a crash loses at most this much and what was not yet committed. */
const BATCH_TICKS = 5;
/** Batches held while the session opens or the disk is behind: 30 s. */
const MAX_HELD = 300;
/** The session is opened within this or not at all: what can be held lasts no longer. */
const OPEN_WITHIN_MS = MAX_HELD * BATCH_TICKS * LIMITS.callTickMs;
const RETRY_MS = 500;
const TICK_SAMPLES = (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000;
const BATCH_SAMPLES = BATCH_TICKS * TICK_SAMPLES;

interface Batch {
  readonly inbound: Int16Array;
  readonly outbound: Int16Array;
}

export interface RecorderOptions {
  readonly intake: Pick<IntakeHost, 'open'>;
  readonly ref: SessionRef;
  /** Creates the session; asked again when it, or opening it, failed for a moment. */
  readonly create: () => Promise<unknown>;
  readonly callId: string;
  /** Keeping the audio has failed or stopped; the call goes on. */
  readonly onProblem: (reason: string, error?: unknown) => void;
  /** Between attempts to open the session, ms. */
  readonly retryMs?: number;
}

/** Feeds both directions of a call into its session, tick by tick on one clock, so that both tracks have one length. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #opened: Promise<void>;
  #batch: Batch = newBatch();
  #filled = 0;
  #held: Batch[] = [];
  /** Memory of a batch that was written, for the next: memory of a call's audio is what makes the collector run. */
  #spare: Batch | undefined;
  #connection: Connection | undefined;
  #blocked = true;
  #stopped = false;
  #finished: Promise<unknown> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#opened = Promise.resolve().then(() => this.#open());
  }

  /** One tick of each direction; the arrays may be reused by the caller. */
  write(inbound: Int16Array, outbound: Int16Array): void {
    if (this.#stopped) return;
    this.#batch.inbound.set(inbound, this.#filled);
    this.#batch.outbound.set(outbound, this.#filled);
    this.#filled += TICK_SAMPLES;
    if (this.#filled < BATCH_SAMPLES) return;
    this.#held.push(this.#batch);
    this.#filled = 0;
    this.#pass();
    this.#batch = this.#spare ?? newBatch();
    this.#spare = undefined;
    if (this.#held.length > MAX_HELD) this.#fail('the disk or the object store is too far behind');
  }

  /** The call is over: resolves when everything written is durable on this node, or was given up. */
  async finish(): Promise<void> {
    if (this.#filled > 0) {
      const { inbound, outbound } = this.#batch;
      this.#held.push({
        inbound: inbound.subarray(0, this.#filled),
        outbound: outbound.subarray(0, this.#filled),
      });
      this.#filled = 0;
    }
    await this.#opened;
    if (this.#connection !== undefined && !this.#stopped) {
      this.#blocked = false;
      this.#pass(false);
    }
    await this.#leave();
  }

  async #open(): Promise<void> {
    try {
      const connection = await this.#connect();
      this.#connection = connection;
      connection.begin({
        // Our own End comes behind `finish`: any halt before that takes the recording from a call that goes on.
        halt: (reason) => this.#fail(`the recording was stopped: ${reason}`),
        progress: () => undefined,
        segment: () => undefined,
        warning: () => undefined,
        tick: () => undefined,
      });
      this.#blocked = false;
      this.#pass();
    } catch (error) {
      this.#fail('the session of the call could not be opened', error);
    }
  }

  /** A store or an index that is away for a moment does not cost the recording: what comes meanwhile is held. */
  async #connect(): Promise<Connection> {
    const { create, intake, ref, retryMs = RETRY_MS } = this.#options;
    const giveUpAt = performance.now() + OPEN_WITHIN_MS;
    for (;;) {
      try {
        await create();
        return await intake.open(ref, { transport: 'websocket' });
      } catch (error) {
        const isFinal = error instanceof EarshotError && !error.retryable;
        if (isFinal || this.#stopped || performance.now() >= giveUpAt) throw error;
        await sleep(retryMs, undefined, { ref: false });
      }
    }
  }

  /** Writes what is held, unless the disk is behind; with `patient` false it is written all the same. */
  #pass(patient = true): void {
    const connection = this.#connection;
    if (connection === undefined || this.#stopped) return;
    try {
      while (!this.#blocked) {
        const batch = this.#held.shift();
        if (batch === undefined) return;
        writeBatch(connection, batch);
        // A connection keeps nothing of what it is given. The last batch of a call is short.
        if (batch.inbound.length === BATCH_SAMPLES) this.#spare = batch;
        const room = patient ? connection.room() : undefined;
        if (room === undefined) continue;
        this.#blocked = true;
        void room.then(() => {
          this.#blocked = false;
          this.#pass();
        });
      }
    } catch (error) {
      this.#fail('audio could not be written', error);
    }
  }

  #fail(reason: string, error?: unknown): void {
    if (this.#stopped) return;
    this.#options.onProblem(reason, error);
    this.#stop();
  }

  #stop(): void {
    this.#stopped = true;
    this.#held = [];
    void this.#leave();
  }

  #leave(): Promise<unknown> {
    this.#stopped = true;
    // A connection that opens late is let go of too, or its session would wait for it.
    this.#finished ??= this.#opened.then(() => this.#finishConnection());
    return this.#finished;
  }

  async #finishConnection(): Promise<void> {
    try {
      await this.#connection?.finish({
        closedBy: 'stop',
        format: {
          dialect: 'call',
          encoding: 'pcm16',
          bigEndian: false,
          callId: this.#options.callId,
          providerStreamId: null,
        },
        stats: { frames: 0, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 },
      });
    } catch (error) {
      this.#options.onProblem('the last audio may not be durable', error);
    }
  }
}

function newBatch(): Batch {
  return { inbound: new Int16Array(BATCH_SAMPLES), outbound: new Int16Array(BATCH_SAMPLES) };
}

function writeBatch(connection: Connection, { inbound, outbound }: Batch): void {
  const sampleRate = LIMITS.callSampleRate;
  connection.write({ track: 'inbound', sampleRate, samples: inbound });
  connection.write({ track: 'outbound', sampleRate, samples: outbound });
}
