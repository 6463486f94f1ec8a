import { decodeAlaw, decodeMulaw, decodePcm16be, decodePcm16le } from '@earshot/audio';
import { z } from 'zod';
import { createStreamDecoder } from '../decoder.ts';
import type { FormatEvent } from '../model/events.ts';
import type { ReplyMessage, ReplyOptions } from '../reply/reply.ts';
import { text } from './play.ts';

const Message = z
  .union([
    z.object({ binary: z.literal(false), text: z.string() }),
    z.object({ binary: z.literal(true), base64: z.string() }),
  ])
  .transform(
    (message): ReplyMessage =>
      message.binary
        ? { binary: true, data: Uint8Array.from(Buffer.from(message.base64, 'base64')) }
        : message,
  );

const WayBack = z.object({
  opening: z.array(z.string()),
  options: z.object({ encoding: z.string().optional(), sampleRate: z.number().optional() }),
  sampleRate: z.number(),
  spoken: z.string().transform((written) => decodePcm16le(Buffer.from(written, 'base64'))),
  markAt: z.number(),
  messages: z.object({
    before: z.array(Message),
    mark: z.array(Message),
    after: z.array(Message),
    clear: z.array(Message),
    hangup: Message.nullable(),
  }),
});
export type WayBack = Omit<z.infer<typeof WayBack>, 'options'> & { readonly options: ReplyOptions };

/** The content of a golden file of what goes back. */
export function parseWayBack(written: string): WayBack {
  const { options, ...content } = WayBack.parse(JSON.parse(written));
  const { encoding, sampleRate } = options;
  return {
    ...content,
    options: {
      ...(encoding === undefined ? {} : { encoding }),
      ...(sampleRate === undefined ? {} : { sampleRate }),
    },
  };
}

/** The format event of an opening; Wavix is configured with what is sent back. */
export function openingFormat({ opening, options }: Pick<WayBack, 'opening' | 'options'>): FormatEvent {
  const { encoding, sampleRate } = options;
  const wavix = encoding === undefined || sampleRate === undefined ? undefined : { encoding, sampleRate };
  const decoder = createStreamDecoder(wavix === undefined ? {} : { wavixFormat: wavix });
  const events = opening.flatMap((message) => decoder.push(text(message)));
  const format = events.find((event) => event.type === 'format');
  if (format === undefined) throw new Error('the opening tells no format');
  return format;
}

const Media = z.object({ media: z.object({ payload: z.string() }) });

/** What a platform that reads these messages plays, in this codec; messages without audio are passed over. */
export function heardBack(messages: readonly ReplyMessage[], codec: keyof typeof CODECS): number[] {
  return messages.flatMap((message) => {
    if (message.binary) return [...CODECS[codec](message.data)];
    const media = Media.safeParse(JSON.parse(message.text));
    return media.success ? [...CODECS[codec](Buffer.from(media.data.media.payload, 'base64'))] : [];
  });
}

const CODECS = {
  pcm16le: decodePcm16le,
  pcm16be: decodePcm16be,
  mulaw: decodeMulaw,
  alaw: decodeAlaw,
};
