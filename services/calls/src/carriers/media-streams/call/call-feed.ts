import type { DialectEvent, FormatEvent, StreamReply } from '@earshot/dialects';
import { PeerAudio } from './peer-audio.ts';
import type { ReplyLink } from './reply-link.ts';
import type { StandingCall } from './standing-calls.ts';

interface FeedParts {
  readonly call: StandingCall;
  readonly link: ReplyLink;
  readonly format: FormatEvent;
  /** The way back of a stream that turned out to be of this format. */
  readonly replyTo: (format: FormatEvent) => StreamReply | null;
}

/** Leads what a stream brings to the call that it carries. */
export class CallFeed {
  readonly call: StandingCall;
  readonly link: ReplyLink;
  /** The platform's own id of the call: only with it can another stream go on where this one breaks. */
  readonly externalCallId: string | null;
  readonly #parts: FeedParts;
  readonly #peer: PeerAudio;

  constructor(parts: FeedParts) {
    this.call = parts.call;
    this.link = parts.link;
    this.externalCallId = parts.format.callId;
    this.#parts = parts;
    this.#peer = new PeerAudio(parts.format.sampleRate, parts.call.handle);
  }

  /** Takes one event; true when it says that the call is over. Throws what `replyTo` throws. */
  take(event: DialectEvent): boolean {
    const { handle } = this.call;
    switch (event.type) {
      case 'format':
        this.link.retune(this.#parts.replyTo(event));
        return false;
      case 'audio':
        this.#peer.audio(event.frame);
        return false;
      case 'gap':
        this.#peer.gap(event);
        return false;
      case 'dtmf':
        handle.dtmf(event.digit);
        return false;
      case 'warning':
        handle.warning(event.issue.type, event.issue.message);
        return false;
      case 'stop':
        return true;
      case 'mark':
        // What was heard is told from the clock of the call, not from the platform's echo.
        return false;
    }
  }

  /** Nothing more comes: gives the last samples. */
  end(): void {
    this.#peer.end();
  }
}
