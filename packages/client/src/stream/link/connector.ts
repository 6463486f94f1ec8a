import { type HttpTarget, openHttpLink, readStanding } from './http-link.ts';
import { type Link, LinkFailure, type LinkListener } from './link.ts';
import { openSocketLink, type SocketTarget } from './socket-link.ts';

export type TransportChoice = 'auto' | 'websocket' | 'http';

export type ConnectorOptions = Omit<SocketTarget, 'url' | 'offer'> &
  Omit<HttpTarget, 'url'> & {
    readonly uploadUrl: string;
    readonly transport: TransportChoice;
  };

/** Failed handshakes in a row, with the server there, after which a proxy is held to strip WebSockets. */
const HOPELESS_HANDSHAKES = 3;

/** Makes the connections of one stream: it learns what the server and what lies before it can do. */
export class Connector {
  readonly #options: ConnectorOptions;
  #stripped = 0;
  #isAcknowledged = false;
  /** What the server said over HTTP before the last plain handshake. */
  #refusal: LinkFailure | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** `fromSample` is the first sample that we can still send. Rejects with LinkFailure. */
  async connect(fromSample: number | undefined, listener: LinkListener): Promise<Link> {
    const { transport } = this.#options;
    const byHttp = transport === 'http' || (transport === 'auto' && this.#stripped >= HOPELESS_HANDSHAKES);
    const link = await (byHttp
      ? this.#overHttp(fromSample, listener)
      : this.#overSocket(fromSample, listener));
    this.#isAcknowledged ||= link.acknowledged;
    return link;
  }

  async #overHttp(fromSample: number | undefined, listener: LinkListener): Promise<Link> {
    // A link that ends later is followed by one more look for a WebSocket.
    this.#stripped = HOPELESS_HANDSHAKES - 1;
    return await openHttpLink({ ...this.#options, url: this.#url('http', fromSample) }, listener);
  }

  async #overSocket(fromSample: number | undefined, listener: LinkListener): Promise<Link> {
    const target = { ...this.#options, url: this.#url('ws', fromSample) };
    try {
      const link = await openSocketLink({ ...target, offer: true }, listener);
      this.#stripped = 0;
      return link;
    } catch (error) {
      if (!(error instanceof LinkFailure) || error.wasOpen) throw error;
      await this.#explain(error);
    }
    // The server is there and knows nothing of offsets, so it may be one that speaks no `earshot.v1`.
    return await openSocketLink({ ...target, offer: false }, listener).catch((error: unknown) => {
      throw error instanceof LinkFailure && !error.wasOpen ? (this.#refusal ?? error) : error;
    });
  }

  /**
   * A runtime does not say why a handshake failed, but the same URL does over HTTP. Throws what it says; returns when
   * the server may be one without acks.
   */
  async #explain(failure: LinkFailure): Promise<void> {
    try {
      const { isComplete, nextSample } = await readStanding({ ...this.#options, url: this.#url('http') });
      if (isComplete) throw new LinkFailure(failure.end, { isFinal: true, completeAt: nextSample });
      if (!isBusy(failure)) this.#stripped += 1;
    } catch (error) {
      if (!(error instanceof LinkFailure)) throw error;
      if (!error.isFinal || this.#isAcknowledged || error.completeAt !== undefined) throw error;
      this.#refusal = error;
      return;
    }
    throw failure;
  }

  #url(scheme: 'ws' | 'http', fromSample?: number): string {
    const url = new URL(this.#options.uploadUrl);
    const isSecure = url.protocol === 'wss:' || url.protocol === 'https:';
    if (fromSample !== undefined) url.searchParams.set('from_sample', `${fromSample}`);
    return `${scheme}${isSecure ? 's' : ''}:${url.href.slice(url.protocol.length)}`;
  }
}

/** Some runtimes do tell the status; a server that has no room is no proxy that strips. */
function isBusy({ end }: LinkFailure): boolean {
  return end.status !== undefined && (end.status >= 500 || end.status === 429);
}
