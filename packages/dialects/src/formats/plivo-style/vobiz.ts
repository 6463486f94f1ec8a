import type { Dialect, JsonObject } from '../../model/dialect.ts';
import { formatFields, mediaFormatOf } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField } from '../../wire/fields.ts';
import { oneWayIfOutbound, textDialect, usualLinear } from '../text-dialect.ts';

/** Vobiz streams as documented now: ids nested in `start`; what it sends as L16 is big-endian. It never sends `stop`. */
export const vobiz: Dialect = {
  ...textDialect,
  name: 'vobiz',
  usual: { ...usualLinear, bigEndian: true },
  recognises: hasNestedIds,
  declares(message) {
    const start = objectField(message, 'start');
    return {
      ...formatFields(mediaFormatOf(message)),
      callId: identifierField(start, 'callId'),
      streamId: identifierField(start, 'streamId'),
      tracks: anyField(start, 'tracks'),
      interleaved: null,
      bidirectional: oneWayIfOutbound(anyField(start, 'tracks')),
    };
  },
};

/** `start.streamId` with `start.callId`, which Plivo and Vobiz share. */
export function hasNestedIds(message: JsonObject): boolean {
  const start = objectField(message, 'start');
  return anyField(start, 'streamId') !== undefined && anyField(start, 'callId') !== undefined;
}
