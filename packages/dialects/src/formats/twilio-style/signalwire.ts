import type { Dialect } from '../../model/dialect.ts';
import { mediaFormatOf } from '../../wire/declaration.ts';
import { anyField } from '../../wire/fields.ts';
import { hasStreamSid, twilio } from './twilio.ts';

/** SignalWire cXML streams: Twilio's messages, also with L16, whose byte order is not documented. */
export const signalwire: Dialect = {
  ...twilio,
  name: 'signalwire',
  recognises(message, hello) {
    if (!hasStreamSid(message)) return false;
    const version = anyField(hello, 'version');
    const encoding = anyField(mediaFormatOf(message), 'encoding');
    return (
      (typeof version === 'string' && version.startsWith('0.2')) ||
      (typeof encoding === 'string' && encoding.toLowerCase().startsWith('audio/x-l16'))
    );
  },
};
