import type { Dialect } from '../../model/dialect.ts';
import { formatFields, mediaFormatOf } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField, wholeNumber } from '../../wire/fields.ts';
import { textDialect, usualLinear } from '../text-dialect.ts';

/** Voximplant media streams: messages count from 0, streams have tags, and one may start after another has stopped. */
export const voximplant: Dialect = {
  ...textDialect,
  name: 'voximplant',
  restartable: true,
  usual: usualLinear,
  recognises(message) {
    const encoding = anyField(mediaFormatOf(message), 'encoding');
    const namesPcm16 = typeof encoding === 'string' && encoding.toLowerCase() === 'pcm16';
    return namesPcm16 || wholeNumber(anyField(message, 'sequenceNumber')) === 0;
  },
  declares(message) {
    const start = objectField(message, 'start');
    return {
      ...formatFields(mediaFormatOf(message)),
      callId: null,
      streamId: identifierField(start, 'tag') ?? identifierField(message, 'tag'),
      tracks: anyField(start, 'tracks'),
      interleaved: null,
      bidirectional: null,
    };
  },
};
