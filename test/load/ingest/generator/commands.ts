import { z } from 'zod';
import { WIRES } from './wire.ts';

const Group = z.object({ id: z.int(), group: z.string() });

/** What the benchmark tells a generator process; each is answered once, under its `id`. */
export const Command = z.discriminatedUnion('type', [
  Group.extend({ type: z.literal('open'), wire: z.enum(WIRES), port: z.int(), paths: z.array(z.string()) }),
  /** Streams from number `from` on. */
  Group.extend({ type: z.literal('feed'), seconds: z.number(), from: z.int() }),
  Group.extend({ type: z.literal('flood'), ms: z.number() }),
  Group.extend({ type: z.literal('run'), ms: z.number() }),
  Group.extend({ type: z.literal('totals') }),
  Group.extend({ type: z.literal('close') }),
]);
export type Command = z.infer<typeof Command>;

/** What a generator answers; `cpuMs` is the processor time that it used so far. */
export const Answer = z.object({
  id: z.int().default(0),
  error: z.string().optional(),
  cpuMs: z.number(),
  frames: z.number().default(0),
  lateMs: z.array(z.number()).default([]),
  latencies: z.array(z.number()).default([]),
  streams: z.number().default(0),
  open: z.number().default(0),
  bytes: z.number().default(0),
  unackedFrames: z.number().default(0),
});
export type Answer = z.infer<typeof Answer>;
