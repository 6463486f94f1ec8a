import { endOfRefusal, isUploadComplete, unreachable, uploadOffset } from './http-answers.ts';
import { type Link, type LinkEnd, LinkFailure, type LinkListener } from './link.ts';

export interface HttpTarget {
  /** The stream's URL with an http scheme. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly sampleRate: number;
  /** Longest time until a request is answered, ms. */
  readonly answerTimeoutMs: number;
}

/** Largest body of one request, bytes. */
const PIECE_BYTES = 262_144;
/** A live source makes one request a second. */
const PACE_MS = 1000;
const BYTES_PER_SAMPLE = 2;
/** What the protocol's streams have when nothing else is said, samples per second. */
const USUAL_RATE = 16_000;

/** What a stream's URL says about itself over HTTP. */
export interface Standing {
  readonly nextSample: number;
  readonly isComplete: boolean;
}

/** Asks where the stream stands. Rejects with LinkFailure; `status` says whether it was an answer. */
export async function readStanding(target: HttpTarget): Promise<Standing> {
  const response = await request(target, { method: 'HEAD' });
  const offset = uploadOffset(response.headers);
  if (!response.ok || offset === undefined) {
    const end = endOfRefusal({ status: response.status, headers: response.headers, text: '' });
    throw new LinkFailure(end, { isFinal: end.code === 1008 });
  }
  return {
    nextSample: Math.floor(offset / BYTES_PER_SAMPLE),
    isComplete: isUploadComplete(response.headers),
  };
}

/** Feeds the stream by appending requests. Rejects with LinkFailure when the server does not take them. */
export async function openHttpLink(target: HttpTarget, listener: LinkListener): Promise<Link> {
  const { nextSample, isComplete } = await readStanding(target);
  if (isComplete) {
    const end = { code: 1000, reason: 'The stream is complete.' };
    throw new LinkFailure(end, { isFinal: true, completeAt: nextSample });
  }
  return new HttpLink(target, listener, nextSample);
}

class HttpLink implements Link {
  readonly transport = 'http';
  readonly acknowledged = true;
  readonly takesMore = true;
  readonly nextSample: number;
  readonly creditBytes = Number.POSITIVE_INFINITY;
  readonly pieceBytes = PIECE_BYTES;
  readonly pace: { readonly bytes: number; readonly ms: number };
  readonly ended: Promise<LinkEnd>;
  readonly #target: HttpTarget;
  readonly #listener: LinkListener;
  readonly #abort = new AbortController();
  #offset: number;
  #settleEnded: (end: LinkEnd) => void = () => undefined;

  constructor(target: HttpTarget, listener: LinkListener, nextSample: number) {
    this.#target = target;
    this.#listener = listener;
    this.nextSample = nextSample;
    this.pace = { bytes: target.sampleRate * BYTES_PER_SAMPLE, ms: PACE_MS };
    this.#offset = nextSample * BYTES_PER_SAMPLE;
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  async send(piece: Uint8Array): Promise<void> {
    await this.#append(piece);
  }

  stop(): void {
    void this.#append(new Uint8Array(), { 'upload-complete': '?1' }).then((done) => {
      if (done) this.#over({ code: 1000, reason: '' });
    });
  }

  close(): void {
    this.#over({ code: 1000, reason: '' });
  }

  abandon(reason: string): void {
    this.#over({ code: 1006, reason });
  }

  /** False when the link has ended over it. */
  async #append(piece: Uint8Array, more: Record<string, string> = {}): Promise<boolean> {
    if (this.#abort.signal.aborted) return false;
    try {
      const response = await request(this.#target, {
        ...this.#method(),
        body: piece,
        headers: {
          ...this.#method().headers,
          'upload-offset': `${this.#offset}`,
          'upload-complete': '?0',
          ...(await contentDigest(piece)),
          ...more,
        },
        signal: this.#abort.signal,
      });
      return await this.#judge(response, piece.length);
    } catch (error) {
      this.#over(error instanceof LinkFailure ? error.end : unreachable(error).end);
      return false;
    }
  }

  /** Only a media type can name another rate than the usual one, and only POST carries one. */
  #method(): { method: string; headers: Record<string, string> } {
    const { sampleRate } = this.#target;
    if (sampleRate === USUAL_RATE) {
      return { method: 'PATCH', headers: { 'content-type': 'application/partial-upload' } };
    }
    return { method: 'POST', headers: { 'content-type': `audio/l16;rate=${sampleRate}` } };
  }

  async #judge(response: Response, sent: number): Promise<boolean> {
    const text = await response.text();
    if (!response.ok) {
      const end = endOfRefusal({ status: response.status, headers: response.headers, text });
      const hasMoved = response.status === 409 && uploadOffset(response.headers) !== undefined;
      this.#over(hasMoved && end.code === 1008 ? { ...end, code: 1006 } : end);
      return false;
    }
    this.#offset += sent;
    this.#listener.heard();
    const samples = Math.floor((uploadOffset(response.headers) ?? this.#offset) / BYTES_PER_SAMPLE);
    this.#listener.ack({ received: samples, durable: samples });
    return true;
  }

  #over(end: LinkEnd): void {
    this.#settleEnded(end);
    this.#abort.abort();
  }
}

async function request(target: HttpTarget, init: RequestInit): Promise<Response> {
  const { fetch: send, url, answerTimeoutMs } = target;
  const signals = [AbortSignal.timeout(answerTimeoutMs), ...(init.signal ? [init.signal] : [])];
  try {
    return await send(url, { ...init, signal: AbortSignal.any(signals) });
  } catch (cause) {
    throw unreachable(cause);
  }
}

/** RFC 9530; pages without TLS have no digests. */
async function contentDigest(piece: Uint8Array): Promise<Record<string, string>> {
  const subtle: unknown = Reflect.get(globalThis.crypto, 'subtle');
  if (piece.length === 0 || subtle === undefined) return {};
  const digest = await globalThis.crypto.subtle.digest('SHA-256', Uint8Array.from(piece));
  return { 'content-digest': `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(digest)))}:` };
}
