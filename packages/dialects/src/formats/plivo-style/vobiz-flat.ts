import type { Dialect } from '../../model/dialect.ts';
import { formatFields } from '../../wire/declaration.ts';
import { anyField, identifierField } from '../../wire/fields.ts';
import { oneWayIfOutbound } from '../text-dialect.ts';
import { vobiz } from './vobiz.ts';

/** The older Vobiz shape: ids and `contentType` at the top level of `start`. */
export const vobizFlat: Dialect = {
  ...vobiz,
  name: 'vobiz-flat',
  recognises(message) {
    return ['streamId', 'callId', 'contentType'].every((name) => anyField(message, name) !== undefined);
  },
  declares(message) {
    return {
      ...formatFields(message),
      callId: identifierField(message, 'callId'),
      streamId: identifierField(message, 'streamId'),
      tracks: anyField(message, 'audioTrack'),
      interleaved: null,
      bidirectional: oneWayIfOutbound(anyField(message, 'audioTrack')),
    };
  },
};
