import type { JsonObject } from '../model/dialect.ts';
import type { DtmfEvent, MarkEvent } from '../model/events.ts';
import { anyField, objectField, sentenceField } from './fields.ts';

const DIGIT = /^[0-9*#A-D]$/;

/** `mark.name` of Twilio and its kind, whose echo does not tell whether the audio before it was heard or cleared. */
function nestedMark(message: JsonObject): MarkEvent | null {
  return playedMark(objectField(message, 'mark'));
}

/** A mark that was reached, named in the given object; null without a printable name. */
export function playedMark(holder: JsonObject | null): MarkEvent | null {
  const name = sentenceField(holder, 'name');
  return name === null ? null : { type: 'mark', name, state: 'played' };
}

/** `dtmf.digit`, or the digit in `digit` or `dtmf` itself; null for anything but one key of a telephone. */
export function pressedKey(message: JsonObject): DtmfEvent | null {
  const value = anyField(objectField(message, 'dtmf') ?? message, 'digit', 'dtmf');
  const digit = typeof value === 'number' ? String(value) : value;
  return typeof digit === 'string' && DIGIT.test(digit) ? { type: 'dtmf', digit } : null;
}

/** The control messages that media-stream platforms share. */
export function commonControl(message: JsonObject): MarkEvent | DtmfEvent | null {
  switch (message['event']) {
    case 'mark':
      return nestedMark(message);
    case 'played':
    case 'playedStream':
      return playedMark(message);
    case 'dtmf':
      return pressedKey(message);
    default:
      return null;
  }
}
