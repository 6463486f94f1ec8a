import type { Connection, TrackStanding } from '@earshot/intake';
import {
  EarshotError,
  LIMITS,
  type ProcessingIssue,
  type SegmentEntry,
  type StreamEvent,
  type TrackName,
} from '@earshot/protocol';
import type { EdgeContext } from '../../edge-context.ts';
import type { Closing } from '../closing.ts';
import { AckPacer } from './ack-pacer.ts';
import type { ClientEvents } from './client-events.ts';
import { CreditLine } from './credit-line.ts';
import type { EventChannel } from './event-channel.ts';
import { retryAfterMs } from './retry-hint.ts';

type AcknowledgerContext = Pick<EdgeContext, 'limits' | 'time'>;

/** Tells an `earshot.v1` client how far its audio is safe, and everything else it should know. */
export class Acknowledger implements ClientEvents {
  readonly announcesClosing = true;
  readonly #context: AcknowledgerContext;
  readonly #connection: Connection;
  readonly #channel: EventChannel;
  /** Where every track stood before this connection sent anything. */
  readonly #start: readonly TrackStanding[];
  readonly #nextSample: number;
  readonly #told = new Map<TrackName, TrackStanding>();
  readonly #pacer: AckPacer;
  readonly #creditLine: CreditLine;
  /** What happened before the client could be told where it stands. */
  readonly #early: StreamEvent[] = [];
  /** Bytes of PCM16 that came since the last ack. */
  #sinceAck = 0;
  #isReady = false;
  #isClosing = false;

  /** `from`: the client has nothing below it. */
  constructor(
    context: AcknowledgerContext,
    connection: Connection,
    client: { channel: EventChannel; from: number },
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#channel = client.channel;
    this.#start = connection.standing();
    this.#nextSample = this.#start.length > 1 ? 0 : Math.max(this.#start[0]?.received ?? 0, client.from);
    const { limits, time } = context;
    this.#pacer = new AckPacer(limits.streamAckIntervalMs, time.elapsedMs, () => this.#acknowledge());
    this.#creditLine = new CreditLine(limits.streamCreditBytes, () => connection.durable());
  }

  get isStuck(): boolean {
    return this.#channel.isStuck;
  }

  async open(): Promise<void> {
    await this.#connection.durable();
    const { maxStreamBytes, streamCreditBytes } = this.#context.limits;
    const only = this.#start.length === 1;
    this.#channel.send({
      event: 'ready',
      session_id: this.#connection.ref.sessionId,
      epoch: this.#connection.epoch,
      next_sample: this.#nextSample,
      tracks: this.#start.map(({ track, sampleRate, received }) => ({
        track,
        sample_rate: sampleRate,
        next_sample: only ? this.#nextSample : received,
      })),
      limits: { max_message_bytes: LIMITS.maxMessageBytes, max_stream_bytes: maxStreamBytes },
      credit_bytes: streamCreditBytes,
    });
    this.#isReady = true;
    for (const event of this.#early.splice(0)) this.#channel.send(event);
    this.moved();
  }

  audio(bytes: number): void {
    // Only a stream that begins can be fed blindly; later the sender's guess might be off by what was on its way.
    if (!this.#isReady && this.#start.some(({ received }) => received > 0)) {
      throw new EarshotError('protocol_violation', {
        message: 'A stream that goes on is sent from the position that its ready event names.',
      });
    }
    this.#creditLine.take(bytes);
    this.#sinceAck += bytes;
  }

  moved(): void {
    if (!this.#isReady) return;
    // A client that sends faster than in real time must not wait for its credit.
    if (this.#sinceAck * 4 > this.#context.limits.streamCreditBytes) this.#pacer.flush();
    else this.#pacer.moved();
  }

  segment(entry: SegmentEntry): void {
    const { track, index, firstSample, samples, sampleRate, cut, speech, sha256 } = entry;
    this.#tell({
      event: 'segment',
      track,
      index,
      first_sample: firstSample,
      samples,
      sample_rate: sampleRate,
      cut,
      speech,
      sha256,
    });
  }

  warning({ type, message, details }: ProcessingIssue): void {
    this.#tell({ event: 'warning', type, message, ...(details === undefined ? {} : { details }) });
  }

  settle(): void {
    if (this.#isReady) this.#pacer.flush();
  }

  closing({ code, reason, error }: Closing): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (error !== undefined) {
      const { message, details } = error;
      const told = {
        code: error.code,
        message,
        ...(details === undefined ? {} : { details: { ...details } }),
      };
      this.#channel.send({ event: 'error', error: told });
    }
    const retry = retryAfterMs(code, this.#context.time.random);
    const hint = retry === undefined ? {} : { retry_after_ms: retry };
    this.#channel.send({ event: 'closing', code, reason, ...hint });
  }

  credit(): Promise<void> | undefined {
    return this.#creditLine.wait();
  }

  end(): void {
    this.#pacer.stop();
    this.#channel.end();
  }

  /** `ready` is the first event of a connection. */
  #tell(event: StreamEvent): void {
    if (this.#isReady) this.#channel.send(event);
    else this.#early.push(event);
  }

  #acknowledge(): void {
    this.#sinceAck = 0;
    for (const standing of this.#connection.standing()) {
      const { track, received, durable, archived } = standing;
      const told = this.#told.get(track) ?? this.#start.find((other) => other.track === track);
      if (durable === (told?.durable ?? 0) && archived === (told?.archived ?? 0)) continue;
      this.#told.set(track, standing);
      this.#channel.send({
        event: 'ack',
        epoch: this.#connection.epoch,
        track,
        received,
        durable,
        archived,
      });
    }
  }
}
