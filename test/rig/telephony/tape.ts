import { readFileSync } from 'node:fs';
import { createResampler } from '@earshot/audio';
import { createStreamDecoder } from '@earshot/dialects';
import { z } from 'zod';
import type { Platform } from './platforms.ts';

const folder = new URL('../../../packages/dialects/fixtures/', import.meta.url);

/** One WebSocket message: text, or bytes. */
export type Sent = string | Uint8Array;

const Line = z
  .union([
    z.object({ binary: z.literal(false), text: z.string() }),
    z.object({ binary: z.literal(true), base64: z.string() }),
  ])
  .transform((line): Sent => (line.binary ? Buffer.from(line.base64, 'base64') : line.text));
const WayBack = z.object({
  messages: z.object({
    before: z.array(Line),
    after: z.array(Line),
    clear: z.array(Line),
    hangup: Line.nullable(),
  }),
});
/** What the decoder has to be told, since the wire does not. */
const Configured = z.union([
  z.object({ wavixFormat: z.object({ encoding: z.string(), sampleRate: z.int() }) }),
  z.object({}),
]);
const Fields = z
  .object({
    event: z.string().optional(),
    start: z.looseObject({ tracks: z.array(z.string()).optional() }).optional(),
    media: z.looseObject({ track: z.string().optional(), chunk: z.coerce.number().optional() }).optional(),
  })
  .loose();

/** What a platform sends on a call that it carries both ways. */
export interface Tape {
  /** Before any audio. */
  readonly opening: readonly Sent[];
  /** The audio of the peer, in order, and what else comes. */
  readonly audio: readonly Sent[];
  /** How it says that the call is over; empty where closing the socket says so. */
  readonly stop: readonly Sent[];
  /** What the peer says, at the rate of calls. */
  readonly spoken: Int16Array;
}

/** The golden tape of a platform, as it is when only the caller is streamed and nothing was shuffled on the way. */
export function readTape({ tape, carrier, restarts }: Platform): Tape {
  const lines = readFileSync(new URL(`golden/${tape}.jsonl`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  const messages = inOrder(lines.map((line) => Line.parse(JSON.parse(line))).flatMap(ofCaller));
  const at = messages.findIndex(isAudio);
  const last = messages.length - 1;
  const stops = restarts !== true && fieldsOf(messages[last])?.event === 'stop';
  const audio = messages.slice(at, stops ? last : undefined);
  const opening = messages.slice(0, at);
  return {
    opening,
    audio,
    stop: stops ? messages.slice(last) : [],
    spoken: spokenIn([...opening, ...audio], Configured.parse(carrier)),
  };
}

/** What goes back to a platform by its golden file: audio, what drops audio, and what ends the call. */
export function readWayBack({ wayBack }: Platform): Record<'media' | 'clear' | 'hangup', Sent[]> {
  const { messages } = WayBack.parse(
    JSON.parse(readFileSync(new URL(`way-back/${wayBack}.json`, folder), 'utf8')),
  );
  const { before, after, clear, hangup } = messages;
  return { media: [...before, ...after], clear, hangup: hangup === null ? [] : [hangup] };
}

function fieldsOf(message: Sent | undefined): z.infer<typeof Fields> | undefined {
  return typeof message === 'string' ? Fields.parse(JSON.parse(message)) : undefined;
}

const isAudio = (message: Sent): boolean =>
  typeof message !== 'string' || fieldsOf(message)?.event === 'media';

/** A two-way stream brings the caller alone, and says so. */
function ofCaller(message: Sent): Sent[] {
  const fields = fieldsOf(message);
  if (fields?.media?.track?.startsWith('outbound') === true) return [];
  if (fields?.start?.tracks === undefined) return [message];
  return [JSON.stringify({ ...fields, start: { ...fields.start, tracks: ['inbound'] } })];
}

/** Audio that counts its chunks in their order, each on the place of another. */
function inOrder(messages: readonly Sent[]): Sent[] {
  const counted = messages.filter((message) => chunkOf(message) !== undefined);
  const starts = messages.filter((message) => fieldsOf(message)?.event === 'start').length;
  if (starts > 1) return [...messages];
  const sorted = counted.toSorted((one, other) => (chunkOf(one) ?? 0) - (chunkOf(other) ?? 0));
  return messages.map((message) => (chunkOf(message) === undefined ? message : (sorted.shift() ?? message)));
}

const chunkOf = (message: Sent): number | undefined => fieldsOf(message)?.media?.chunk;

function spokenIn(messages: readonly Sent[], options: Parameters<typeof createStreamDecoder>[0]): Int16Array {
  const decoder = createStreamDecoder({ ...options, live: true });
  const coded = messages.map((message) =>
    typeof message === 'string'
      ? { binary: false, data: new TextEncoder().encode(message) }
      : { binary: true, data: message },
  );
  const frames = [...coded.flatMap((message) => decoder.push(message)), ...decoder.end()].flatMap((event) =>
    event.type === 'audio' && event.frame.track !== 'outbound' ? [event.frame] : [],
  );
  const resampler = createResampler(frames[0]?.sampleRate ?? 0, 16_000);
  return Int16Array.from(frames.flatMap(({ samples }) => [...resampler.push(samples)]));
}
