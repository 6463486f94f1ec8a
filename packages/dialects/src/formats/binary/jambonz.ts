import type { Dialect } from '../../model/dialect.ts';
import { formatFields } from '../../wire/declaration.ts';
import { anyField, identifierField } from '../../wire/fields.ts';
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
    };
  },
};
