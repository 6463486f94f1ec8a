import type { Dialect } from '../../model/dialect.ts';
import { formatFields, mediaFormatOf } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField } from '../../wire/fields.ts';
import { textDialect, usualMulaw } from '../text-dialect.ts';

/** Telnyx media streaming: RTP payloads without their header; the order of messages is not guaranteed. */
export const telnyx: Dialect = {
  ...textDialect,
  name: 'telnyx',
  keepsOrder: false,
  usual: usualMulaw,
  recognises(message) {
    const start = objectField(message, 'start');
    if (anyField(start, 'call_control_id') !== undefined) return true;
    return anyField(message, 'stream_id') !== undefined && mediaFormatOf(message) !== null;
  },
  declares(message) {
    const start = objectField(message, 'start');
    return {
      ...formatFields(mediaFormatOf(message)),
      callId: identifierField(start, 'call_control_id'),
      streamId: identifierField(message, 'stream_id') ?? identifierField(start, 'stream_id'),
      tracks: anyField(start, 'tracks'),
      interleaved: null,
      bidirectional: null,
    };
  },
};
