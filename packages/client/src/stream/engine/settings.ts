import type { StreamEvent } from '@earshot/protocol';
import type { LinkTransport } from '../link/link.ts';
import type { StreamEnd, StreamProgress } from '../stream-end.ts';
import type { ResumePolicy } from './outage.ts';

/** What happens to a stream: the server's own events (positions in samples), and what the client does about drops. */
export type AudioStreamEvent =
  | Exclude<StreamEvent, { event: 'closing' }>
  | {
      readonly event: 'reconnecting';
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    }
  | {
      readonly event: 'resumed';
      readonly transport: LinkTransport;
      /** First sample that is sent again. */
      readonly fromSample: number;
      readonly resentSamples: number;
    }
  | { readonly event: 'closed'; readonly end: StreamEnd };

export interface EngineSettings {
  readonly resume: ResumePolicy;
  /** How long the first connection is tried for, ms. */
  readonly openForMs: number;
  /** Audio that may wait for a durable ack, bytes. */
  readonly bufferBytes: number;
  /** The same on a server without acks: audio that may wait for the socket, bytes. */
  readonly plainBufferBytes: number;
  /** A connection on which no ack comes for this long is given up, ms. */
  readonly stallMs: number;
  readonly onEvent: (event: AudioStreamEvent) => void;
  readonly onProgress: (progress: StreamProgress) => void;
}

/** The server has lost what it acknowledged, and the client has let go of it. */
export function gapWarning(firstSample: number, samples: number): AudioStreamEvent {
  return {
    event: 'warning',
    type: 'resume_gap',
    message: `The server has lost ${samples} samples that were acknowledged and are not held here any more.`,
    details: { first_sample: firstSample, samples },
  };
}
