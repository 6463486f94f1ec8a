import type { Dialect } from '../../model/dialect.ts';
import { formatFields } from '../../wire/declaration.ts';
import { generic } from '../envelope/generic.ts';

/** Binary PCM16 little-endian without any framing (EkaScribe's first option); a later text `stop` is honoured. */
export const raw: Dialect = {
  ...generic,
  name: 'raw',
  carrier: 'binary',
  quietEvents: null,
  recognises: () => false,
  declares: () => ({
    ...formatFields(null),
    callId: null,
    streamId: null,
    tracks: null,
    interleaved: null,
    bidirectional: false,
  }),
  control: () => null,
};
