import { z } from 'zod';

/** Longest text in an event: ids, states, numbers, a carrier's message. */
const MAX_TEXT = 512;
const MAX_FIELDS = 24;

/** What an event may say: ids, states and figures, nothing that holds speech; no lists, nothing nested. */
export const ThinData = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/),
    z.union([z.string().max(MAX_TEXT), z.number(), z.boolean(), z.null()]),
  )
  .refine((data) => Object.keys(data).length <= MAX_FIELDS, 'an event has few fields');
export type ThinData = z.infer<typeof ThinData>;

/** The fields of `data` that an event may hold; texts are cut, what is not thin is left out. */
export function thinData(data: Readonly<Record<string, unknown>>): ThinData {
  const fields = Object.entries(data).flatMap(([name, value]) => {
    const short = typeof value === 'string' ? value.slice(0, MAX_TEXT) : value;
    const field = ThinData.safeParse({ [name]: short });
    return field.success ? Object.entries(field.data) : [];
  });
  return Object.fromEntries(fields.slice(0, MAX_FIELDS));
}
