import type { ProcessingIssue, SegmentEntry } from '@earshot/protocol';
import type { Closing } from '../closing.ts';

/** What a connection tells its client, and what it may ask of it in return. */
export interface ClientEvents {
  /** True when the client understands a `closing` event, so that its close frame can wait for the last ack. */
  readonly announcesClosing: boolean;
  /** True once the client has not read what it was told. */
  readonly isStuck: boolean;
  /** Says where the client has to go on; rejects when earlier audio will never be durable. */
  open(): Promise<void>;
  /** Bytes of PCM16 came. Throws `protocol_violation` when their sender cannot know yet where to go on. */
  audio(bytes: number): void;
  /** Durable or archived positions moved. */
  moved(): void;
  segment(entry: SegmentEntry): void;
  warning(issue: ProcessingIssue): void;
  /** Tells the last positions. */
  settle(): void;
  /** Tells why the server closes; the first call counts. */
  closing(closing: Closing): void;
  /** A promise while the client has more on its way than was granted; it never rejects. */
  credit(): Promise<void> | undefined;
  /** Nothing is told any more. */
  end(): void;
}

/** Plain clients get no message ever. */
export const silentEvents: ClientEvents = {
  announcesClosing: false,
  isStuck: false,
  open: () => Promise.resolve(),
  audio: () => undefined,
  moved: () => undefined,
  segment: () => undefined,
  warning: () => undefined,
  settle: () => undefined,
  closing: () => undefined,
  credit: () => undefined,
  end: () => undefined,
};
