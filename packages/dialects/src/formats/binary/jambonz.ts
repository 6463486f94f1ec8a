import type { Dialect, JsonObject } from '../../model/dialect.ts';
import type { MarkEvent } from '../../model/events.ts';
import { pressedKey } from '../../wire/control-message.ts';
import { formatFields } from '../../wire/declaration.ts';
import { anyField, identifierField, objectField, sentenceField } from '../../wire/fields.ts';
import { raw } from './raw.ts';

/** Jambonz `listen`: a text message about the call, then binary PCM16; `stereo` interleaves caller and callee. */
export const jambonz: Dialect = {
  ...raw,
  name: 'jambonz',
  quietEvents: new Set(['playout', 'cleared', 'dtmf', 'mark']),
  recognises(message) {
    const described = ['sampleRate', 'mixType'].every((name) => anyField(message, name) !== undefined);
    return described && anyField(message, 'event') === undefined;
  },
  declares(message) {
    return {
      ...formatFields(null),
      sampleRate: anyField(message, 'sampleRate'),
      callId: identifierField(message, 'callSid'),
      streamId: null,
      tracks: null,
      interleaved: anyField(message, 'mixType') === 'stereo' ? ['inbound', 'outbound'] : null,
      bidirectional: null,
    };
  },
  control: (message) => (anyField(message, 'type') === 'mark' ? markOf(message) : keyOf(message)),
};

/** A mark comes back as it was sent, with `event` telling whether it was reached: `playout` or `cleared`. */
function markOf(message: JsonObject): MarkEvent | null {
  const data = objectField(message, 'data') ?? message;
  const name = sentenceField(data, 'name');
  if (name === null) return null;
  const event = anyField(data, 'event') ?? anyField(message, 'event');
  return { type: 'mark', name, state: event === 'cleared' ? 'cleared' : 'played' };
}

function keyOf(message: JsonObject): ReturnType<typeof pressedKey> {
  return anyField(message, 'event') === 'dtmf' ? pressedKey(message) : null;
}
