import { z } from 'zod';

const count = z.int().min(0);
const Figures = z.object({
  class: z.string(),
  injected: count,
  samplesLost: count,
  samplesDoubled: count,
  stuck: count,
  falseAcks: count,
  notes: z.string().optional(),
});

/** One line of the report. */
export const FaultRow = z.object({
  class: z.string(),
  /** CI's share or the full run: the report shows both. */
  share: z.enum(['ci', 'full']),
  asked: count,
  seed: count,
  seconds: z.number(),
  date: z.string(),
  /** `failed`: the rig itself could not work; `skipped`: this machine does not allow it. */
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ran'), figures: Figures }),
    z.object({ kind: z.literal('skipped'), reason: z.string() }),
    z.object({ kind: z.literal('failed'), reason: z.string() }),
  ]),
});
export type FaultRow = z.infer<typeof FaultRow>;
