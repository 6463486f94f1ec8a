import { EarshotError } from '@earshot/protocol';
import type { JsonObject } from '../model/dialect.ts';
import { anyField } from '../wire/fields.ts';

/** Protocols that are known but carry no audio that earshot can take; each is refused by its name. */
const REFUSED: readonly { readonly name: string; readonly recognises: (message: JsonObject) => boolean }[] = [
  {
    name: 'Genesys AudioHook',
    recognises: (message) => anyField(message, 'type') === 'open' && anyField(message, 'version') === '2',
  },
  {
    name: 'Twilio ConversationRelay',
    recognises: (message) => anyField(message, 'type') === 'setup',
  },
  {
    name: 'Evolution-Go calls',
    recognises: (message) =>
      ['callId', 'sampleRate'].every((name) => anyField(message, name) !== undefined) &&
      anyField(message, 'event') === 'start',
  },
];

/** Throws unsupported_encoding when the message opens a protocol that is known and not supported. */
export function refuseKnownForeign(message: JsonObject): void {
  const foreign = REFUSED.find((row) => row.recognises(message));
  if (foreign === undefined) return;
  throw new EarshotError('unsupported_encoding', {
    message: `This is a ${foreign.name} stream, which is not supported here.`,
    details: { dialect: foreign.name },
  });
}
