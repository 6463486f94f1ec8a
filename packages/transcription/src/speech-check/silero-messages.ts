import { z } from 'zod';

/** What the thread is started with. */
export const ThreadSettings = z.object({ library: z.string(), modelPath: z.string() });
export type ThreadSettings = z.infer<typeof ThreadSettings>;

export const CheckRequest = z.object({
  id: z.int(),
  samples: z.custom<Int16Array>((value) => value instanceof Int16Array),
});
export type CheckRequest = z.infer<typeof CheckRequest>;

export const ThreadMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('unready') }),
  z.object({ kind: z.literal('failed'), id: z.int() }),
  z.object({
    kind: z.literal('found'),
    id: z.int(),
    finding: z.object({
      speech: z.boolean(),
      probability: z.number(),
      coverage: z.enum(['probes', 'whole']),
    }),
  }),
]);
export type ThreadMessage = z.infer<typeof ThreadMessage>;
