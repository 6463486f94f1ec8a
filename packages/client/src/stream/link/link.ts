import type { StreamEvent } from '@earshot/protocol';
import type { StreamEnd } from '../stream-end.ts';

export type LinkTransport = 'websocket' | 'http';

/** What comes back over a link while it lives. Positions in samples. */
export interface LinkListener {
  ack(ack: { received: number; durable: number; archived?: number }): void;
  event(event: Exclude<StreamEvent, { event: 'ack' }>): void;
  /** Anything at all was heard from the server. */
  heard(): void;
}

/** How a link ended. */
export interface LinkEnd extends StreamEnd {
  /** When the server wants to see us again, ms. */
  readonly retryAfterMs?: number;
}

/** One connection that feeds a stream, whatever it runs on. */
export interface Link {
  readonly transport: LinkTransport;
  /** True when the server tells how far the audio is safe. */
  readonly acknowledged: boolean;
  /** First sample that the server still needs; undefined when it does not say. */
  readonly nextSample: number | undefined;
  /** PCM16 bytes that may be on their way without a durable ack. */
  readonly creditBytes: number;
  /** Largest piece that `send` takes, bytes. */
  readonly pieceBytes: number;
  /** Pieces of fewer bytes are worth sending only after this time since the last one, ms, or as the very last. */
  readonly pace: { readonly bytes: number; readonly ms: number };
  /** False once the server has said that it will close: what it gets from then on only keeps it from doing so. */
  readonly takesMore: boolean;
  /** Sends a piece; resolves when the next one may follow, also when the link has ended meanwhile. */
  send(piece: Uint8Array): Promise<void>;
  /** Says that the audio is complete; the server then ends the link with code 1000. */
  stop(reason?: string): void;
  /** Hangs up politely. */
  close(): void;
  /** Lets go of a link that does not answer: it ends at once. */
  abandon(reason: string): void;
  readonly ended: Promise<LinkEnd>;
}

/** A link did not come up. */
export class LinkFailure extends Error {
  readonly end: LinkEnd;
  /** Trying again cannot help. */
  readonly isFinal: boolean;
  /** False when not even the WebSocket handshake went through. */
  readonly wasOpen: boolean;
  /** Where the stream stands, when the server says that it is complete; samples. */
  readonly completeAt: number | undefined;

  constructor(end: LinkEnd, facts: { isFinal?: boolean; wasOpen?: boolean; completeAt?: number } = {}) {
    super(end.reason);
    this.name = 'LinkFailure';
    this.end = end;
    this.isFinal = facts.isFinal ?? isFinalCode(end.code);
    this.wasOpen = facts.wasOpen ?? false;
    this.completeAt = facts.completeAt;
  }
}

/** Close codes after which the same stream may be fed again: drops, restarts and servers without room. */
const RESUMABLE_CODES: ReadonlySet<number> = new Set([1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015]);

export function isFinalCode(code: number): boolean {
  return !RESUMABLE_CODES.has(code);
}
