import { EarshotError } from '@earshot/protocol';
import type { HttpServer, Log } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SignedParameters, SignedRequest } from '../signature.ts';
import { type StatusEvent, StatusFields } from './status-event.ts';

const FORM = 'application/x-www-form-urlencoded';
const MAX_FORM_BYTES = 16_384;

/** A carrier whose callbacks come in over HTTP. */
export interface CallbackReceiver {
  /** Whether the request was signed with this carrier's secret. */
  verify(request: Omit<SignedRequest, 'authToken'>): boolean;
  /** Takes what a verified callback says. Never throws. */
  status(event: StatusEvent): void;
}

export interface CallbackDeps {
  readonly receivers: readonly CallbackReceiver[];
  /** Where carriers reach this server: `https://host`, with a path if a proxy takes one off. */
  readonly publicUrl: string;
  readonly log: Pick<Log, 'warn'>;
}

/** Where status callbacks of a call go. The path is part of what is signed. */
export function statusCallbackUrl(publicUrl: string, lineId: string, callId: string): string {
  return `${publicUrl}/carriers/twilio/${encodeURIComponent(lineId)}/status?call=${encodeURIComponent(callId)}`;
}

/** Adds `POST /carriers/twilio/{lineId}/status`. Nothing unsigned gets past it; an unknown call is nobody's error. */
export async function registerTwilioCallbacks(server: HttpServer, deps: CallbackDeps): Promise<void> {
  await server.register((scope, _options, done) => {
    const limits = { parseAs: 'string', bodyLimit: MAX_FORM_BYTES } as const;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser<string>(FORM, limits, (_request, text, parsed) => parsed(null, text));
    registerStatus(scope, deps);
    done();
  });
}

function registerStatus(server: HttpServer, deps: CallbackDeps): void {
  server.post('/carriers/twilio/:lineId/status', {
    // Signed by the carrier, and from few addresses: the limit of an address would be the limit of all calls.
    config: { access: 'capability', limit: false, rawBody: [FORM] },
    schema: {
      tags: ['carriers'],
      summary: 'Status of a call that was placed through Twilio, signed by Twilio',
      params: z.object({ lineId: z.string().max(64) }),
      querystring: z.object({ call: z.string().max(64).optional() }),
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const { lineId } = request.params;
      takeStatus(deps, { request, lineId, callId: request.query.call ?? null });
      return reply.code(204).send(null);
    },
  });
}

interface Callback {
  readonly request: FastifyRequest;
  readonly lineId: string;
  readonly callId: string | null;
}

function takeStatus(
  { receivers, publicUrl, log }: CallbackDeps,
  { request, lineId, callId }: Callback,
): void {
  const parameters = fieldsOf(typeof request.body === 'string' ? request.body : '');
  const signature = request.headers['x-twilio-signature'];
  const signed = { signature, url: publicUrl + (request.raw.url ?? ''), parameters };
  const receiver = receivers.find((one) => one.verify(signed));
  if (receiver === undefined) {
    log.warn(
      { line: lineId },
      "a status callback was refused: its signature is not the carrier's for the public URL",
    );
    throw new EarshotError('forbidden', { message: 'The signature of this callback is not valid.' });
  }
  const fields = StatusFields.safeParse(parameters);
  if (!fields.success) {
    log.warn({ line: lineId }, 'a status callback was not understood');
    return;
  }
  receiver.status({ lineId, callId, callSid: fields.data.CallSid, status: fields.data.CallStatus });
}

function fieldsOf(text: string): SignedParameters {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length > 1 ? values : (values[0] ?? '')]),
  );
}
