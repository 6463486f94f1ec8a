import { z } from 'zod';

/** From the pool to a child: load a model once, then decode one piece of audio at a time. */
export const PoolMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('load'), library: z.string(), config: z.record(z.string(), z.unknown()) }),
  z.object({
    kind: z.literal('decode'),
    samples: z.custom<Int16Array>((value) => value instanceof Int16Array),
  }),
]);
export type PoolMessage = z.infer<typeof PoolMessage>;

/** From a child to the pool. */
export const ChildMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  /** Nothing can be decoded; `library` when sherpa-onnx itself is missing. */
  z.object({ kind: z.literal('unready'), what: z.enum(['library', 'model']) }),
  z.object({ kind: z.literal('result'), result: z.unknown() }),
  z.object({ kind: z.literal('refused') }),
]);
export type ChildMessage = z.infer<typeof ChildMessage>;
