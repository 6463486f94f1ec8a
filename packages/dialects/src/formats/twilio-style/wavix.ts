import type { Dialect } from '../../model/dialect.ts';
import { formatFields } from '../../wire/declaration.ts';
import { anyField, identifierField } from '../../wire/fields.ts';
import { textDialect } from '../text-dialect.ts';

/** Wavix call streaming: a flat start that says nothing about the audio, so the route's configuration does. */
export const wavix: Dialect = {
  ...textDialect,
  name: 'wavix',
  usual: null,
  recognises(message) {
    return anyField(message, 'call_id') !== undefined && anyField(message, 'stream_id') !== undefined;
  },
  declares(message) {
    const direction = anyField(message, 'stream_type');
    return {
      ...formatFields(null),
      callId: identifierField(message, 'call_id'),
      streamId: identifierField(message, 'stream_id'),
      tracks: anyField(message, 'channel'),
      interleaved: null,
      bidirectional: direction === undefined ? null : direction === 'twoway',
    };
  },
};
