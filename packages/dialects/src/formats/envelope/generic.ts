import type { Dialect } from '../../model/dialect.ts';
import { formatFields, mediaFormatOf } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField } from '../../wire/fields.ts';
import { plainMedia } from '../../wire/media-fields.ts';
import { textDialect } from '../text-dialect.ts';

/** EkaScribe's JSON envelope: `start`, `media`, `stop`; PCM16 little-endian at the route's rate unless declared. */
export const generic: Dialect = {
  ...textDialect,
  name: 'generic',
  usual: {
    codec: 'pcm16',
    sampleRate: null,
    bigEndian: false,
    ambiguousOrder: false,
    mayBeUndeclared: true,
  },
  recognises: (message) => anyField(message, 'event') === 'start',
  declares(message) {
    const start = objectField(message, 'start');
    return {
      ...formatFields(mediaFormatOf(message)),
      callId: null,
      streamId: identifierField(start, 'streamId', 'stream_id'),
      tracks: anyField(start, 'tracks'),
      interleaved: null,
      bidirectional: false,
    };
  },
  scansMedia: false,
  media: plainMedia,
};
