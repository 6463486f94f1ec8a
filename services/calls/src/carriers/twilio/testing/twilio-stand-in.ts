import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Account, type CallScript, StandInCall } from './stand-in-call.ts';

/** How one request is answered instead of as it should be. `drop` breaks the connection after the work is done. */
type RestFault =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'drop' };

interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly fields: URLSearchParams;
}

/** A Twilio that lives on this machine: the REST resource Calls, signed status callbacks and media streams. */
export interface TwilioStandIn extends Account {
  readonly baseUrl: string;
  /** Requests with valid credentials. */
  readonly requests: readonly RestRequest[];
  readonly calls: readonly StandInCall[];
  /** What the next numbers that are called do. */
  script: CallScript;
  /** Faults for the next requests, one each. */
  readonly faults: RestFault[];
  close(): Promise<void>;
}

interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const ACCOUNT: Account = { accountSid: `AC${'0'.repeat(31)}1`, authToken: 'stand-in-token' };
const E164 = /^\+[1-9]\d{4,14}$/;

/** Starts it on a free port of the loopback interface. It answers calls after 50 ms unless told otherwise. */
export async function startTwilioStandIn(account: Account = ACCOUNT): Promise<TwilioStandIn> {
  const rest = new StandInRest(account);
  const server = createServer((request, response) => void rest.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in has no port');
  return {
    ...account,
    baseUrl: `http://127.0.0.1:${address.port}`,
    requests: rest.requests,
    calls: rest.calls,
    faults: rest.faults,
    get script() {
      return rest.script;
    },
    set script(script) {
      rest.script = script;
    },
    close: async () => {
      await Promise.all(rest.calls.map((call) => call.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class StandInRest {
  readonly requests: RestRequest[] = [];
  readonly calls: StandInCall[] = [];
  readonly faults: RestFault[] = [];
  script: CallScript = { answer: 'answer', ringMs: 50 };
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += String(part);
    const { method = '', url: path = '' } = request;
    const fault = this.faults.shift();
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body);
      return;
    }
    const { accountSid, authToken } = this.#account;
    const credentials = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    const answer =
      request.headers.authorization === credentials
        ? this.#serve({ method, path, fields: new URLSearchParams(text) })
        : problem(401, 20_003, 'Authenticate');
    if (fault?.kind === 'drop') response.destroy();
    else
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
  }

  #serve(request: RestRequest): JsonAnswer {
    this.requests.push(request);
    const calls = `/2010-04-01/Accounts/${this.#account.accountSid}/Calls`;
    if (request.method !== 'POST') return problem(405, 20_004, 'Method not allowed');
    if (request.path === `${calls}.json`) return this.#place(request.fields);
    const sid = request.path.startsWith(`${calls}/`) ? /\/(CA\w+)\.json$/.exec(request.path)?.[1] : undefined;
    const call = this.calls.find((one) => one.sid === sid);
    if (call === undefined) return problem(404, 20_404, 'The requested resource was not found');
    if (request.fields.get('Status') !== 'completed') return problem(400, 21_218, 'Invalid Status');
    return call.complete() ? this.#resource(200, call) : problem(400, 21_220, 'Call is not in-progress');
  }

  #place(fields: URLSearchParams): JsonAnswer {
    if (!E164.test(fields.get('From') ?? '')) return problem(400, 21_212, "Invalid 'From' Phone Number");
    if (!E164.test(fields.get('To') ?? '')) return problem(400, 21_211, "Invalid 'To' Phone Number");
    if (!fields.has('Twiml')) return problem(400, 21_205, 'Url parameter is required');
    const sid = `CA${String(this.calls.length + 1).padStart(32, '0')}`;
    const call = new StandInCall(sid, fields, this.#account);
    this.calls.push(call);
    call.run(this.script);
    return this.#resource(201, call);
  }

  #resource(status: number, call: StandInCall): JsonAnswer {
    const { accountSid } = this.#account;
    return {
      status,
      body: {
        sid: call.sid,
        account_sid: accountSid,
        api_version: '2010-04-01',
        direction: 'outbound-api',
        from: call.fields.get('From'),
        to: call.fields.get('To'),
        status: status === 201 ? 'queued' : call.status,
        date_created: new Date().toUTCString(),
        uri: `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}.json`,
      },
    };
  }
}

/** The shape of every error of the REST API. */
function problem(status: number, code: number, message: string): JsonAnswer {
  return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}
