import type { Dialect } from '../../model/dialect.ts';
import { anyField } from '../../wire/fields.ts';
import { usualLinear } from '../text-dialect.ts';
import { hasNestedIds, vobiz } from './vobiz.ts';

/** Plivo audio streaming: numbers are numbers and the clock is the wall's. Its pages disagree on the default codec. */
export const plivo: Dialect = {
  ...vobiz,
  name: 'plivo',
  usual: usualLinear,
  recognises(message) {
    const marked =
      anyField(message, 'extra_headers') !== undefined || typeof message['sequenceNumber'] === 'number';
    return marked && hasNestedIds(message);
  },
};
