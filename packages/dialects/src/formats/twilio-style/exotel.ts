import type { Dialect } from '../../model/dialect.ts';
import { formatFields, mediaFormatOf } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField } from '../../wire/fields.ts';
import { textDialect, usualLinear } from '../text-dialect.ts';

/** Exotel AgentStream: Twilio's messages in snake_case, all values strings, linear PCM at 8,000 Hz. */
export const exotel: Dialect = {
  ...textDialect,
  name: 'exotel',
  usual: { ...usualLinear, ambiguousOrder: false },
  recognises(message) {
    const start = objectField(message, 'start');
    return (anyField(start, 'stream_sid') ?? anyField(message, 'stream_sid')) !== undefined;
  },
  declares(message) {
    const start = objectField(message, 'start');
    const format = formatFields(mediaFormatOf(message));
    return {
      ...format,
      // Some of its examples name how the payload is written instead of how it is coded.
      encoding: format.encoding === 'base64' ? undefined : format.encoding,
      callId: identifierField(start, 'call_sid'),
      streamId: identifierField(start, 'stream_sid') ?? identifierField(message, 'stream_sid'),
      tracks: anyField(start, 'tracks'),
      interleaved: null,
      bidirectional: null,
    };
  },
};
