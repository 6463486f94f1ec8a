import type { Dialect, JsonObject } from '../../model/dialect.ts';
import { formatFields, mediaFormatOf } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField } from '../../wire/fields.ts';
import { oneWayIfOutbound, textDialect, usualMulaw } from '../text-dialect.ts';

/** Twilio Media Streams: mu-law at 8,000 Hz; both tracks may share a socket, each counted from chunk 1. */
export const twilio: Dialect = {
  ...textDialect,
  name: 'twilio',
  firstChunk: 1,
  usual: usualMulaw,
  recognises: hasStreamSid,
  declares(message) {
    const start = objectField(message, 'start');
    return {
      ...formatFields(mediaFormatOf(message)),
      callId: identifierField(start, 'callSid'),
      streamId: identifierField(start, 'streamSid') ?? identifierField(message, 'streamSid'),
      tracks: anyField(start, 'tracks'),
      interleaved: null,
      bidirectional: oneWayIfOutbound(anyField(start, 'tracks')),
    };
  },
};

/** The mark of Twilio and of platforms that copy it. */
export function hasStreamSid(message: JsonObject): boolean {
  const id = anyField(objectField(message, 'start'), 'streamSid') ?? anyField(message, 'streamSid');
  return id !== undefined;
}
