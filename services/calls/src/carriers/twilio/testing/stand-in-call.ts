import { request } from 'node:http';
import type { CallStatus } from '../callbacks/status-event.ts';
import { isFinal } from '../callbacks/status-event.ts';
import { twilioSignature } from '../signature.ts';
import { StandInStream } from './stand-in-stream.ts';

export interface Account {
  readonly accountSid: string;
  readonly authToken: string;
}

/** What the number that is called does. `ignore` rings until the call's timeout. */
type Answer = 'answer' | 'busy' | 'no-answer' | 'failed' | 'ignore';

export interface CallScript {
  readonly answer: Answer;
  readonly ringMs: number;
}

/** Text between TwiML quotes. */
const plain = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

/** The stream that instructions ask for; throws for others than `<Connect><Stream>`. */
function readTwiml(twiml: string): { url: string; parameters: Record<string, string> } {
  const stream = /^<Response><Connect><Stream url="([^"]+)">(.*)<\/Stream><\/Connect><\/Response>$/.exec(
    twiml,
  );
  const [, url = '', inner = ''] = stream ?? [];
  if (!/^wss?:\/\/[^?#]+$/.test(plain(url)))
    throw new Error('the instructions ask for no stream that can be dialled');
  const parameters = [...inner.matchAll(/<Parameter name="([^"]*)" value="([^"]*)"\/>/g)];
  return {
    url: plain(url),
    parameters: Object.fromEntries(
      parameters.map(([, name = '', value = '']) => [plain(name), plain(value)]),
    ),
  };
}

/** One call inside the stand-in: rings, is answered, streams, ends, and reports each step. */
export class StandInCall {
  readonly sid: string;
  readonly fields: URLSearchParams;
  status: CallStatus = 'queued';
  stream: StandInStream | null = null;
  /** HTTP statuses of the answers to our callbacks, 0 for none. */
  readonly callbackAnswers: number[] = [];
  readonly #account: Account;
  readonly #timers = new Set<NodeJS.Timeout>();
  #callbacks: Promise<void> = Promise.resolve();
  #sequence = 0;

  constructor(sid: string, fields: URLSearchParams, account: Account) {
    this.sid = sid;
    this.fields = fields;
    this.#account = account;
  }

  /** Begins to dial. */
  run({ answer, ringMs }: CallScript): void {
    this.#become('initiated');
    this.#later(10, () => {
      if (answer === 'failed' || answer === 'busy') this.#become(answer);
      else this.#become('ringing');
    });
    if (answer === 'answer') this.#later(10 + ringMs, () => this.#answer());
    if (answer === 'no-answer') this.#later(10 + ringMs, () => this.#become('no-answer'));
  }

  /** The person at the other end hangs up. */
  hangUp(): void {
    this.stream?.stop();
    this.#become('completed');
  }

  /** Ends it as the REST API does; false when it is over already. */
  complete(): boolean {
    if (isFinal(this.status)) return false;
    const isConnected = this.status === 'in-progress';
    this.stream?.stop();
    this.#become(isConnected ? 'completed' : 'canceled');
    return true;
  }

  /** Posts a callback of any status, signed with any token; resolves to the answer's status. */
  async report(status: string, authToken = this.#account.authToken): Promise<number> {
    const target = this.fields.get('StatusCallback');
    if (target === null) return 0;
    const fields = {
      AccountSid: this.#account.accountSid,
      CallSid: this.sid,
      CallStatus: status,
      From: this.fields.get('From') ?? '',
      To: this.fields.get('To') ?? '',
      Direction: 'outbound-api',
      ApiVersion: '2010-04-01',
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(this.#sequence++),
      Timestamp: new Date().toUTCString(),
    };
    const answer = await postForm(target, fields, twilioSignature(authToken, target, fields));
    this.callbackAnswers.push(answer);
    return answer;
  }

  /** Lets go of everything; resolves when no callback is on its way. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.stream?.cut();
    await this.#callbacks;
  }

  #answer(): void {
    this.#become('in-progress');
    const { url, parameters } = readTwiml(this.fields.get('Twiml') ?? '');
    this.stream = new StandInStream({
      url,
      parameters,
      ...this.#account,
      callSid: this.sid,
      streamSid: `MZ${this.sid.slice(2)}`,
      // The instructions hold nothing after the stream, so that its end is the end of the call.
      onClose: () => this.#become('completed'),
    });
  }

  #become(status: CallStatus): void {
    if (isFinal(this.status)) return;
    this.status = status;
    if (isFinal(status)) for (const timer of this.#timers) clearTimeout(timer);
    this.#callbacks = this.#callbacks.then(async () => {
      await this.report(status);
    });
  }

  #later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!isFinal(this.status)) run();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Resolves to the status of the answer, 0 when there was none. */
function postForm(
  target: string,
  fields: Readonly<Record<string, string>>,
  signature: string,
): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request(target, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
    });
    outgoing.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.on('error', () => resolve(0));
    outgoing.end(new URLSearchParams(fields).toString());
  });
}
