import type { Dialect } from '../../model/dialect.ts';
import { playedMark, pressedKey } from '../../wire/control-message.ts';
import { formatFields } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField } from '../../wire/fields.ts';
import { raw } from './raw.ts';

/** Vonage Voice: a text message with the content type and the caller's own headers, then binary PCM16 little-endian. */
export const vonage: Dialect = {
  ...raw,
  name: 'vonage',
  quietEvents: new Set([
    'websocket:connected',
    'websocket:cleared',
    'websocket:notify',
    'websocket:dtmf',
    'websocket:media:update',
  ]),
  recognises(message) {
    const opens = anyField(message, 'event') === 'websocket:connected';
    return opens || anyField(message, 'content-type') !== undefined;
  },
  declares(message) {
    return {
      ...formatFields(null),
      encoding: anyField(message, 'content-type'),
      callId: identifierField(message, 'uuid', 'conversation_uuid'),
      streamId: null,
      tracks: null,
      interleaved: null,
      bidirectional: true,
    };
  },
  control(message) {
    switch (anyField(message, 'event')) {
      case 'websocket:notify':
        return playedMark(objectField(message, 'payload'));
      case 'websocket:dtmf':
        return pressedKey(message);
      default:
        return null;
    }
  },
};
