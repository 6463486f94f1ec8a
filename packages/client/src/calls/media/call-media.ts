import type { MediaEvent } from '@earshot/protocol';

/** How a media socket ended. */
export interface MediaEnd {
  /** The close code (RFC 6455): 4409 when a newer talker took over, 1006 for a broken connection. */
  readonly code: number;
  readonly reason: string;
  /** The call is over. */
  readonly callEnded: boolean;
}

/** The media socket has ended, so this cannot be done any more. */
export class MediaClosedError extends Error {
  readonly end: MediaEnd;

  constructor(end: MediaEnd) {
    super(end.callEnded ? 'The call has ended.' : `The media socket has closed: ${end.reason || end.code}`);
    this.name = 'MediaClosedError';
    this.end = end;
  }
}

export interface MediaOptions {
  /** What the peer says, 16 kHz mono, -1 to 1, as it comes. */
  readonly onAudio?: (samples: Float32Array) => void;
  /** Everything that the server tells. */
  readonly onEvent?: (event: MediaEvent) => void;
  /** How long the socket may take to be ready, ms; 10 s when left out. */
  readonly connectTimeoutMs?: number;
}

/** The live audio of one call: what the peer says goes to `onAudio`, what is sent here the peer hears. */
export interface CallMedia {
  /** `receive` is for listeners: what they send goes nowhere. */
  readonly direction: 'bidirectional' | 'receive';
  /**
   * Says samples (16 kHz mono, -1 to 1) to the peer; resolves when more may follow, because the server says how far
   * ahead a talker may be. Rejects with MediaClosedError.
   */
  send(samples: Float32Array): Promise<void>;
  /** Resolves when all that was sent before has been heard by the peer, or was cleared. Rejects with MediaClosedError. */
  mark(): Promise<'played' | 'cleared'>;
  /** Drops what was sent and not yet heard. */
  clear(): void;
  /** Leaves the call, which goes on. */
  close(): void;
  readonly ended: Promise<MediaEnd>;
}
