import { EarshotError } from '@earshot/protocol';
import type { GuardedFetch, GuardedResponse } from '@earshot/runtime';
import { z } from 'zod';
import type { TwilioConfig } from './config.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
/** Twilio's error codes for a `To` that it cannot call. */
const WRONG_NUMBERS: ReadonlySet<number> = new Set([13_224, 21_211, 21_214, 21_217]);
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];

const CallResource = z.object({ sid: z.string().min(1).max(64) });
const Refusal = z.object({ code: z.int() });

interface PlaceOrder {
  readonly to: string;
  readonly from: string;
  readonly twiml: string;
  readonly statusCallback: string;
  readonly ringSeconds: number;
}

/** The two calls of Twilio's REST API (version 2010-04-01, resource Calls) that a carrier needs. */
export interface TwilioRest {
  /** Resolves to the call's SID. Rejects with `invalid_request` for a wrong number, else `carrier_failed`. */
  place(order: PlaceOrder): Promise<string>;
  /** Ends a call in whatever state. `later`: it may work if tried again. Never rejects. */
  complete(callSid: string): Promise<'done' | 'later' | 'refused'>;
}

/** Speaks to the API with the account's credentials. Nothing of the answers reaches callers but status and code. */
export function createTwilioRest(config: TwilioConfig, fetch: GuardedFetch): TwilioRest {
  const calls = `${config.baseUrl}/2010-04-01/Accounts/${config.accountSid}/Calls`;
  const credentials = Buffer.from(`${config.accountSid}:${config.authToken}`).toString('base64');
  const post = (url: string, form: URLSearchParams): Promise<GuardedResponse> =>
    fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${credentials}`,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
  return {
    place: async (order) => {
      const answer = await post(`${calls}.json`, placeForm(order)).catch((cause: unknown) => {
        throw new EarshotError('carrier_failed', { cause });
      });
      if (answer.status !== 201 && answer.status !== 200) throw refusalOf(answer);
      const resource = CallResource.safeParse(jsonOf(answer));
      if (!resource.success) throw new EarshotError('carrier_failed', { details: { status: answer.status } });
      return resource.data.sid;
    },
    complete: async (callSid) => {
      const url = `${calls}/${encodeURIComponent(callSid)}.json`;
      const form = new URLSearchParams({ Status: 'completed' });
      const status = await post(url, form).then(
        (answer) => answer.status,
        () => 503,
      );
      // A call that the carrier no longer knows, or that is over, needs no ending.
      if (status < 300 || status === 404 || status === 400) return 'done';
      return status === 429 || status >= 500 ? 'later' : 'refused';
    },
  };
}

function placeForm(order: PlaceOrder): URLSearchParams {
  const form = new URLSearchParams({
    To: order.to,
    From: order.from,
    Twiml: order.twiml,
    Timeout: String(order.ringSeconds),
    StatusCallback: order.statusCallback,
    StatusCallbackMethod: 'POST',
  });
  for (const event of EVENTS) form.append('StatusCallbackEvent', event);
  return form;
}

function refusalOf(answer: GuardedResponse): EarshotError {
  const refusal = Refusal.safeParse(jsonOf(answer));
  const code = refusal.success ? refusal.data.code : null;
  const details = { status: answer.status, carrier_code: code };
  return code !== null && WRONG_NUMBERS.has(code)
    ? new EarshotError('invalid_request', { message: 'The carrier cannot call this number.', details })
    : new EarshotError('carrier_failed', { details });
}

function jsonOf({ body }: GuardedResponse): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}
