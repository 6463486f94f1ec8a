import { LineRecord } from '@earshot/protocol';
import { z } from 'zod';
import { MediaStreamsCarrierConfig, type StreamSettings } from './media-streams/stream-settings.ts';
import { TwilioConfig } from './twilio/rest/config.ts';

/** One carrier of the configuration; `kind` says which. Its secrets live nowhere else. */
const CarrierConfig = z.discriminatedUnion('kind', [MediaStreamsCarrierConfig, TwilioConfig]);

/** The file of carriers: by the name that lines use. `loopback` is no row of it, as it is always there. */
export const CarrierFile = z
  .record(LineRecord.shape.carrier, CarrierConfig)
  .refine((file) => !Object.hasOwn(file, 'loopback'), 'loopback is a carrier of its own');
export type CarrierFile = z.infer<typeof CarrierFile>;

/**
 * Reads the text of a carrier file. Throws an Error that names the places that are wrong and never repeats a value,
 * since values are secrets.
 */
export function parseCarrierFile(text: string): CarrierFile {
  const parsed = CarrierFile.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path, code, message }) => {
    const place = path.length === 0 ? 'the file' : path.join('.');
    // This one would repeat the fields, which may be secrets in the wrong place.
    return `${place}: ${code === 'unrecognized_keys' ? 'has a field that is not known' : message}`;
  });
  throw new Error(`The carrier file is not valid: ${places.join('; ')}.`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would repeat what stands there.
    throw new Error('The carrier file is not JSON.');
  }
}

/** How the streams of each carrier of the file are taken; those of Twilio are signed for the server's public origin. */
export function streamSettings(file: CarrierFile): Record<string, StreamSettings> {
  return Object.fromEntries(
    Object.entries(file).map(([name, config]) => [
      name,
      config.kind === 'twilio' ? twilioStreams(config) : config,
    ]),
  );
}

function twilioStreams({ authToken }: TwilioConfig): StreamSettings {
  return { auth: { kind: 'twilio', authToken }, listenOnly: false, byteOrder: 'little' };
}
