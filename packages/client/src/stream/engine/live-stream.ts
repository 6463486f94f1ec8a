import { pause } from '../../http/requester.ts';
import { audioBytes, type StreamAudio } from '../link/framing.ts';
import { type Link, type LinkEnd, LinkFailure, type LinkListener } from '../link/link.ts';
import { StreamClosedError, type StreamEnd, type StreamProgress } from '../stream-end.ts';
import { LinkFeed } from './link-feed.ts';
import { Outage } from './outage.ts';
import { Positions } from './positions.ts';
import { type EngineSettings, gapWarning } from './settings.ts';
import { Signal } from './signal.ts';

/** Makes links; `from` is the first sample that can still be sent. */
interface Links {
  connect(from: number | undefined, listener: LinkListener): Promise<Link>;
}

/** A piece that `send` waits for room for, bytes. */
const INTAKE_BYTES = 65_536;
/** A link that lived this long was a good one, whether or not anything had to be sent, ms. */
const STEADY_MS = 10_000;

const CLOSED_HERE: StreamEnd = { code: 1000, reason: 'The stream was closed here.' };

const clock = { elapsedMs: () => performance.now(), random: () => Math.random() };

/** One stream over as many links as it takes. */
export class LiveStream {
  readonly closed: Promise<StreamEnd>;
  readonly #links: Links;
  readonly #settings: EngineSettings;
  readonly #positions = new Positions();
  readonly #changed = new Signal();
  readonly #outage: Outage;
  readonly #closing = new AbortController();
  #feed: LinkFeed | undefined;
  #line = Promise.resolve();
  #stop: { readonly reason: string | undefined } | undefined;
  #end: StreamEnd | undefined;
  #acknowledged = false;
  #settleClosed: (end: StreamEnd) => void = () => undefined;
  readonly #listener: LinkListener = {
    ack: (ack) => {
      if (this.#positions.acknowledge(ack)) this.#feed?.moved();
      this.#changed.notify();
      this.#settings.onProgress(this.progress);
    },
    event: (event) => {
      if (event.event !== 'closing') this.#settings.onEvent(event);
    },
    heard: () => this.#feed?.heard(),
  };

  constructor(links: Links, settings: EngineSettings) {
    this.#links = links;
    this.#settings = settings;
    this.#outage = new Outage(settings.resume, clock);
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  get acknowledged(): boolean {
    return this.#acknowledged;
  }

  get progress(): StreamProgress {
    return this.#positions.progress;
  }

  /** Resolves when the first link is up; from then on the stream runs by itself. */
  async open(): Promise<void> {
    const opening = new Outage({ ...this.#settings.resume, resumeForMs: this.#settings.openForMs }, clock);
    const link = await this.#connect(opening);
    if (link === undefined) throw this.#error();
    this.#acknowledged = link.acknowledged;
    void this.#run(link).catch((error: unknown) => this.#judge(error));
  }

  send(audio: StreamAudio): Promise<void> {
    const turn = this.#line.then(() => this.#take(audioBytes(audio)));
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  /** `timeoutMs` undefined: as long as the stream gets on, or may still be resumed. */
  async stop(reason: string | undefined, timeoutMs: number | undefined): Promise<StreamEnd> {
    const late = () => this.#giveUp(`The server has not closed the stream in ${timeoutMs ?? 0} ms.`);
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    await this.#line;
    this.#stop ??= { reason };
    this.#changed.notify();
    const end = await this.closed;
    clearTimeout(timer);
    if (end.code !== 1000 || !this.#isSafe()) throw this.#error();
    return end;
  }

  close(): void {
    this.#closing.abort();
    this.#feed?.link.close();
    this.#changed.notify();
  }

  #giveUp(reason: string): void {
    this.#finish({ code: 1006, reason });
    this.#closing.abort();
    this.#feed?.link.abandon(reason);
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const { bufferBytes, plainBufferBytes } = this.#settings;
    const limit = this.#acknowledged ? bufferBytes : plainBufferBytes;
    const { buffer } = this.#positions;
    const step = Math.max(1, Math.min(INTAKE_BYTES, Math.floor(limit / 4)));
    for (let at = 0; at < bytes.length; at += step) {
      const piece = bytes.subarray(at, at + step);
      while (this.#end === undefined && buffer.heldBytes + piece.length > limit) await this.#changed.next();
      if (this.#end !== undefined || this.#isClosed()) throw this.#error();
      buffer.append(piece);
      this.#changed.notify();
    }
    if (this.#end !== undefined) throw this.#error();
    this.#settings.onProgress(this.progress);
  }

  async #run(first: Link): Promise<void> {
    for (let link: Link | undefined = first; link !== undefined; ) {
      const end = await this.#use(link);
      if (end === undefined) return;
      link = await this.#connect(this.#outage, end);
    }
  }

  /** Feeds a link until it ends; undefined when the stream has ended with it. */
  async #use(link: Link): Promise<LinkEnd | undefined> {
    const began = clock.elapsedMs();
    const feed = new LinkFeed(link, this.#positions, {
      changed: this.#changed,
      stallMs: this.#settings.stallMs,
      stopping: () => this.#stop,
      sent: () => this.#settings.onProgress(this.progress),
    });
    this.#feed = feed;
    const end = await feed.run();
    this.#feed = undefined;
    if (feed.gotThrough || clock.elapsedMs() - began > STEADY_MS) this.#outage.over();
    const isOver = !link.acknowledged || this.#isClosed() || !feed.mayResume(end);
    if (isOver) this.#finish(end);
    return isOver ? undefined : end;
  }

  /** Tries until a link is up that can go on; undefined when the stream is over, with `#end` set. */
  async #connect(outage: Outage, dropped?: LinkEnd): Promise<Link | undefined> {
    for (let last = dropped; this.#end === undefined; ) {
      if (last !== undefined && !(await this.#wait(outage, last))) break;
      try {
        const link = await this.#links.connect(this.#positions.firstSample, this.#listener);
        if (!this.#isClosed() && this.#resume(link, dropped !== undefined)) return link;
        link.close();
        this.#finish(CLOSED_HERE);
      } catch (error) {
        last = this.#judge(error);
      }
    }
    return undefined;
  }

  /** The end of a try that failed; ends the stream too when others would fail alike. */
  #judge(error: unknown): LinkEnd {
    if (!(error instanceof LinkFailure)) {
      const reason = error instanceof Error ? error.message : 'The connection could not be made.';
      const end = { code: 1006, reason };
      this.#finish(end);
      return end;
    }
    const { completeAt, end, isFinal } = error;
    if (completeAt !== undefined) this.#positions.acknowledge({ received: completeAt, durable: completeAt });
    if (isFinal) this.#finish(end);
    return end;
  }

  /** Waits for the next try; false when there is none. */
  async #wait(outage: Outage, last: LinkEnd): Promise<boolean> {
    const delayMs = outage.nextDelayMs(last.retryAfterMs);
    if (delayMs !== undefined && !this.#isClosed()) {
      this.#settings.onEvent({
        event: 'reconnecting',
        attempt: outage.tries,
        delayMs,
        reason: last.reason || `The connection ended with ${last.code}.`,
      });
      await pause(delayMs, this.#closing.signal).catch(() => undefined);
      if (!this.#isClosed()) return true;
    }
    const gaveUp = { ...last, code: 1006, reason: `No way through was found. ${last.reason}`.trim() };
    this.#finish(this.#isClosed() ? CLOSED_HERE : gaveUp);
    return false;
  }

  /** False when the stream cannot go on over this link. */
  #resume(link: Link, isAgain: boolean): boolean {
    if (link.nextSample === undefined) return !isAgain;
    const outcome = this.#positions.resumeAt(link.nextSample);
    if (outcome === 'foreign') {
      this.#finish({ code: 4409, reason: 'Another sender has fed this stream.' });
      return false;
    }
    // What the server does not need any more is safe there.
    this.#positions.acknowledge({ received: link.nextSample, durable: link.nextSample });
    this.#changed.notify();
    if (!isAgain) return true;
    const fromSample = link.nextSample + outcome.missing;
    if (outcome.missing > 0 && link.transport === 'http') {
      // Requests append without a hole, so what is lost there cannot be left out.
      this.#finish({ code: 1011, reason: 'The server has lost audio that was acknowledged.' });
      return false;
    }
    if (outcome.missing > 0) this.#settings.onEvent(gapWarning(link.nextSample, outcome.missing));
    const resentSamples = Math.max(0, this.progress.sent - fromSample);
    this.#settings.onEvent({ event: 'resumed', transport: link.transport, fromSample, resentSamples });
    return true;
  }

  /** Ends the stream; the first call decides. */
  #finish(end: LinkEnd): void {
    if (this.#end !== undefined) return;
    const { code, reason, status } = end;
    // Whoever has ended the session meanwhile did what a stop asks for, if nothing was left to send.
    const isDone = code === 1008 && this.#stop !== undefined && this.#acknowledged && this.#isSafe();
    this.#end = { code: isDone ? 1000 : code, reason, ...(status === undefined ? {} : { status }) };
    this.#changed.notify();
    this.#settleClosed(this.#end);
    this.#settings.onEvent({ event: 'closed', end: this.#end });
  }

  /** By its owner. */
  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #isSafe(): boolean {
    return !this.#acknowledged || this.#positions.isAllDurable;
  }

  #error(): StreamClosedError {
    return new StreamClosedError(this.#end ?? CLOSED_HERE, this.#acknowledged ? this.progress : undefined);
  }
}
