import { z } from 'zod';

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ security: z.array(z.unknown()).optional() }).loose()),
  ),
});

/** An operation of the calls service's OpenAPI document. */
export interface CallOperation {
  readonly method: string;
  readonly path: string;
  /** False for those that ask for no key. */
  readonly isGuarded: boolean;
}

/** One of each thing that a path, a query or a body can name. */
export interface CallThings {
  readonly line: string;
  /** A call that goes on. */
  readonly call: string;
  /** A call that is over, and one of its recordings. */
  readonly past: string;
  readonly recording: string;
  readonly asset: string;
  /** A webhook of each face, and a delivery of the first. */
  readonly pilotWebhook: string;
  readonly webhook: string;
  readonly delivery: string;
}

/** Ids that nobody has. */
export const UNKNOWN: CallThings = {
  line: 'lin_nobody',
  call: `call_${'0'.repeat(26)}`,
  past: `call_${'1'.repeat(26)}`,
  recording: `rec_${'1'.repeat(26)}_mixed`,
  asset: `ast_${'0'.repeat(26)}`,
  pilotWebhook: `whk_${'0'.repeat(26)}`,
  webhook: `whk_${'1'.repeat(26)}`,
  delivery: `dlv_${'0'.repeat(26)}`,
};

/** What stands in a path where a caller has no manners. */
export const ODD_IDS = [
  '..%2f..%2f_earshot%2fkeys',
  '%00',
  'a%0d%0aX-Header:%20b',
  '__proto__',
  'constructor',
  'x'.repeat(300),
  '%f0%28',
  '%EF%BD%81%EF%BD%82',
  '*',
  'null',
];

/** Every operation that the service documents, but for those that tell of its health. */
export async function callOperations(origin: string): Promise<CallOperation[]> {
  const { paths } = Document.parse(await (await fetch(`${origin}/openapi.json`)).json());
  return Object.entries(paths)
    .filter(([path]) => !/^\/(healthz|readyz|metrics)$/.test(path))
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path,
        isGuarded: security !== undefined && security.length > 0,
      })),
    );
}

/** The path of an operation on these things; a recording belongs to the call that is over. */
export function pathOf({ path }: CallOperation, things: CallThings): string {
  const byName: Readonly<Record<string, string>> = {
    '{sessionId}': things.line,
    '{callId}': path.includes('/recordings') ? things.past : things.call,
    '{assetId}': things.asset,
    '{recordingId}': things.recording,
    '{webhookId}': things.webhook,
    '{id}': path.includes('webhooks') ? things.pilotWebhook : things.line,
    '{deliveryId}': things.delivery,
  };
  return path.replace(/\{\w+\}/g, (name) => {
    const id = byName[name];
    if (id === undefined) throw new Error(`${path} names something that this test does not know: ${name}`);
    return id;
  });
}

/** A body that fits, so that nothing but the caller and the things can be wrong. */
export function bodyOf({ method, path }: CallOperation, things: CallThings): object | undefined {
  if (method === 'PATCH') return { active: false };
  if (method !== 'POST') return undefined;
  const events = ['call.ended'];
  const url = 'https://hooks.example/';
  const whole: Readonly<Record<string, object>> = {
    '/v1/lines': { name: 'made' },
    '/v1/loopback/calls': { lineId: things.line },
    '/v1/webhooks': { url, events, whatsappNumberId: things.line },
    '/api/v1/webhooks': { url, events },
    '/realtime_session': { model: 'none' },
    '/v1/realtime_session': { model: 'none' },
  };
  const byEnd: Readonly<Record<string, object>> = {
    calls: { to: 'loop:busy' },
    mute: { muted: true },
    play: path.startsWith('/v1/') ? { mediaUrl: 'https://media.example/a.wav' } : { assetId: things.asset },
    'realtime-session': { mode: 'talk' },
  };
  return whole[path] ?? byEnd[path.split('/').at(-1) ?? ''];
}

/** Whether the path or the body names something. */
export function namesThings(operation: CallOperation): boolean {
  const body = JSON.stringify(bodyOf(operation, UNKNOWN) ?? {});
  return operation.path.includes('{') || body.includes(UNKNOWN.line);
}
