import { EarshotError } from '@earshot/protocol';
import { jambonz } from './formats/binary/jambonz.ts';
import { vonage } from './formats/binary/vonage.ts';
import { generic } from './formats/envelope/generic.ts';
import { voximplant } from './formats/envelope/voximplant.ts';
import { plivo } from './formats/plivo-style/plivo.ts';
import { vobiz } from './formats/plivo-style/vobiz.ts';
import { vobizFlat } from './formats/plivo-style/vobiz-flat.ts';
import { refuseKnownForeign } from './formats/refused.ts';
import { exotel } from './formats/twilio-style/exotel.ts';
import { signalwire } from './formats/twilio-style/signalwire.ts';
import { telnyx } from './formats/twilio-style/telnyx.ts';
import { twilio } from './formats/twilio-style/twilio.ts';
import { wavix } from './formats/twilio-style/wavix.ts';
import type { Dialect, JsonObject } from './model/dialect.ts';
import { anyField, objectField } from './wire/fields.ts';

/** Dialects whose audio follows in binary messages; their opening has no `start` event. */
const BINARY_OPENINGS: readonly Dialect[] = [vonage, jambonz];

/** Asked in this order, the most particular first. */
const STARTS: readonly Dialect[] = [
  signalwire,
  twilio,
  exotel,
  telnyx,
  wavix,
  plivo,
  vobiz,
  vobizFlat,
  voximplant,
  generic,
];

/** What a text message means while the dialect is open: `other` says nothing about it. */
export type Detected =
  | { readonly kind: 'opening' | 'first_media'; readonly dialect: Dialect }
  | { readonly kind: 'hello' | 'stop' | 'other' };

/**
 * Tells the dialect from a text message. `connected` alone does not tell, as six platforms share it: it comes back as
 * `hello` and is handed in with the next message. Throws protocol_violation for a first message that opens nothing,
 * unsupported_encoding for protocols that are known and not supported.
 */
export function detect(message: JsonObject, hello: JsonObject | null): Detected {
  const event = anyField(message, 'event');
  const opening = BINARY_OPENINGS.find((dialect) => dialect.recognises(message, hello));
  if (opening !== undefined) return { kind: 'opening', dialect: opening };
  refuseKnownForeign(message);
  switch (event) {
    case 'connected':
      return { kind: 'hello' };
    case 'stop':
      return { kind: 'stop' };
    case 'start':
      return {
        kind: 'opening',
        dialect: STARTS.find((dialect) => dialect.recognises(message, hello)) ?? generic,
      };
    case 'media':
      return firstMedia(message, hello);
    default:
      if (hello !== null) return { kind: 'other' };
      throw new EarshotError('protocol_violation', {
        message: 'The first message opens no stream that is known here.',
      });
  }
}

/** Only the generic envelope may begin with audio: elsewhere the format would be a guess. */
function firstMedia(message: JsonObject, hello: JsonObject | null): Detected {
  const ids = ['streamSid', 'stream_sid', 'streamId', 'stream_id', 'sequenceNumber', 'sequence_number'];
  const telephony =
    anyField(message, ...ids) !== undefined || anyField(objectField(message, 'media'), 'track') !== undefined;
  if (hello === null && !telephony) return { kind: 'first_media', dialect: generic };
  throw new EarshotError('protocol_violation', { message: 'Audio came before the stream was started.' });
}
