import { LIMITS, type MediaEvent } from '@earshot/protocol';
import type { WebSocket } from 'ws';
import type { MediaListener, MediaTap } from '../../ports.ts';
import type { MediaClientName, MediaContext } from '../media-deps.ts';
import type { StillValid } from '../tokens/media-tokens.ts';
import { ClientSocket } from './client-socket.ts';
import { CALL_ENDED, CLIENT_LEFT, CLIENT_LOST, type Closing, closingFor, SUPERSEDED } from './closing.ts';
import { CredentialWatch } from './guard/credential-watch.ts';
import type { MediaFormat } from './media-format.ts';
import { OutgoingAudio } from './outgoing-audio.ts';
import { Talker } from './talk/talker.ts';

/** Who a client is and what it speaks. */
export interface ClientProfile {
  readonly name: MediaClientName;
  readonly format: MediaFormat;
  /** Text frames are sent from the start; otherwise once the client has sent one itself. */
  readonly hasTexts: boolean;
  readonly credential: StillValid;
}

/** `leaving`: the client closed its socket, and the last that it said is still on its way into the call. */
type Phase = 'new' | 'open' | 'leaving' | 'over';

/** One client on a call's audio, from before its 101 until its socket is closed. */
export class MediaClient implements MediaListener {
  readonly profile: ClientProfile;
  readonly #context: MediaContext;
  readonly #forget: (client: MediaClient) => void;
  readonly #outgoing: OutgoingAudio;
  readonly #watch: CredentialWatch;
  readonly #early: MediaEvent[] = [];
  #phase: Phase = 'new';
  #hasTexts: boolean;
  #socket: ClientSocket | undefined;
  #tap: MediaTap | undefined;
  #talker: Talker | undefined;
  #gapSamples = 0;
  #ignoredBytes = 0;

  constructor(context: MediaContext, profile: ClientProfile, forget: (client: MediaClient) => void) {
    this.profile = profile;
    this.#context = context;
    this.#forget = forget;
    this.#hasTexts = profile.hasTexts;
    this.#outgoing = new OutgoingAudio(profile.format, (samples) => this.#missed(samples));
    const timing = { everyMs: context.limits.mediaCredentialCheckMs, now: context.elapsedMs() };
    this.#watch = new CredentialWatch(profile.credential, timing, {
      revoked: () => this.close(closingFor('authentication_failed', 'The credential was revoked.')),
      unknown: (error) => context.log.warn({ ...profile.name, err: error }, 'a credential cannot be checked'),
    });
  }

  /** Begins: `tap` is this listener's hold on the call, `webSocket` was just opened. */
  open(webSocket: WebSocket, tap: MediaTap): void {
    const { name, format } = this.profile;
    const socket = new ClientSocket(this.#context, webSocket, {
      message: (data, isBinary) => this.#receive(data, isBinary),
      refused: (closing) => this.close(closing),
      closed: (closing) => this.#closed(closing),
    });
    this.#phase = 'open';
    this.#socket = socket;
    this.#tap = tap;
    if (name.mode === 'talk') {
      this.#talker = new Talker(
        { tap, reader: format.createReader(), reading: socket, hasTexts: this.#hasTexts },
        this,
      );
    }
    this.#context.observer.opened(name);
    this.#context.log.info({ ...name }, 'a media client joined');
    if (this.#hasTexts) this.#greet();
    for (const event of this.#early.splice(0)) this.event(event);
    this.#send();
  }

  audio(samples: Int16Array): void {
    this.#outgoing.push(samples);
    this.#send();
  }

  event(event: MediaEvent): void {
    if (this.#phase === 'new') {
      this.#early.push(event);
      return;
    }
    if (event.type === 'mark') this.#talker?.markAnswered();
    // How far it is ahead a client is told from here, where also what the call has not taken yet is known.
    if (event.type === 'buffer') this.#advance(this.#context.elapsedMs());
    else if (event.type === 'ended') this.#end();
    else this.say(event);
  }

  superseded(): void {
    this.close(SUPERSEDED);
  }

  /** Tells the client something, if it understands text. */
  say(event: MediaEvent): void {
    if (this.#hasTexts && this.#phase === 'open') this.#socket?.say(event);
  }

  /** The client sent text, so it understands text. */
  speaksText(): void {
    if (this.#hasTexts) return;
    this.#hasTexts = true;
    this.#greet();
  }

  malformed(): void {
    this.#context.observer.malformed(this.profile.name.callId);
  }

  /** To be called several times a second with the monotonic time, ms. */
  tick(now: number): void {
    if (this.#phase === 'open') {
      this.#watch.check(now);
      this.#send();
    }
    this.#advance(now);
    if (this.#phase !== 'leaving') this.#socket?.tick(now);
  }

  /** Leaves the call and closes the socket. */
  close(closing: Closing): void {
    if (this.#phase === 'leaving') this.#finish(closing);
    if (this.#phase !== 'open') return;
    this.#phase = 'over';
    this.#tap?.detach();
    this.#socket?.close(closing);
  }

  /** Leaves the call and cuts the connection. */
  cut(): void {
    if (this.#phase === 'leaving') this.#finish(CLIENT_LEFT);
    if (this.#phase === 'open') this.#tap?.detach();
    this.#phase = 'over';
    this.#socket?.cut();
  }

  #receive(data: Uint8Array, isBinary: boolean): void {
    if (this.#phase !== 'open') return;
    if (this.#talker === undefined) {
      this.#ignoredBytes += data.length;
      this.#context.observer.ignored(this.profile.name.callId, data.length);
      return;
    }
    this.#talker.take(data, isBinary);
    this.#advance(this.#context.elapsedMs());
  }

  #advance(now: number): void {
    if (this.#phase !== 'open' && this.#phase !== 'leaving') return;
    const report = this.#talker?.advance(now);
    if (report !== undefined) this.say(report);
    if (this.#phase === 'leaving' && this.#talker?.isHolding !== true) this.#finish(CLIENT_LEFT);
  }

  #greet(): void {
    const { name, format } = this.profile;
    const direction = name.mode === 'talk' ? 'bidirectional' : 'receive';
    const media = {
      direction,
      encoding: format.encoding,
      sampleRate: LIMITS.callSampleRate,
      channels: 1,
    } as const;
    this.say({ type: 'ready', media });
    this.say({ type: 'call_state', call: { callId: name.callId, state: 'active' } });
  }

  #send(options: { readonly flush?: boolean } = {}): void {
    if (this.#phase !== 'open') return;
    const missing = this.#socket?.sendAudio(this.#outgoing, options) ?? 0;
    if (missing > 0) this.say({ type: 'gap', samples: missing });
  }

  #missed(samples: number): void {
    this.#gapSamples += samples;
    this.#tap?.missed(samples);
    this.#context.observer.gap(this.profile.name.callId, samples);
  }

  #end(): void {
    this.#send({ flush: true });
    this.say({ type: 'ended' });
    this.close(CALL_ENDED);
  }

  /** What the client said before it left is still played, as a message that arrives is. */
  #closed(closing: Closing): void {
    const isItsOwnDoing = closing === CLIENT_LEFT || closing === CLIENT_LOST;
    if (this.#phase === 'open' && isItsOwnDoing && this.#talker?.isHolding === true) this.#phase = 'leaving';
    else this.#finish(closing);
  }

  #finish(closing: Closing): void {
    // Of a client that left itself nobody can say what it still wanted to hear.
    if (closing === CALL_ENDED) this.#outgoing.abandon();
    this.#phase = 'over';
    this.#tap?.detach();
    const repairedSamples = this.#talker?.repairedSamples ?? 0;
    const counts = { gapSamples: this.#gapSamples, ignoredBytes: this.#ignoredBytes, repairedSamples };
    const { name } = this.profile;
    this.#context.log.info({ ...name, outcome: closing.outcome, ...counts }, 'a media client left');
    this.#context.observer.closed(name, closing.outcome);
    this.#forget(this);
  }
}
