import { z } from 'zod';

/** What one process asks all of them. Answers are text: an exposition, or a capacity as JSON. */
export const Question = z.enum(['metrics', 'capacity']);
export type Question = z.infer<typeof Question>;

/** An upgrade request whose socket travels beside the message. */
export const PassedUpgrade = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  /** What the client sent behind the request, in base64. */
  head: z.string(),
});
export type PassedUpgrade = z.infer<typeof PassedUpgrade>;

/** What a process tells the primary. */
export const FromProcess = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), node: z.string() }),
  z.object({ type: z.literal('ask'), id: z.int(), question: Question }),
  z.object({ type: z.literal('answer'), id: z.int(), answer: z.string() }),
  z.object({ type: z.literal('pass'), node: z.string(), upgrade: PassedUpgrade }),
]);
export type FromProcess = z.infer<typeof FromProcess>;

/** What the primary tells a process. */
export const ToProcess = z.discriminatedUnion('type', [
  /** The nodes that are ready now. */
  z.object({ type: z.literal('nodes'), nodes: z.array(z.string()) }),
  z.object({ type: z.literal('question'), id: z.int(), question: Question }),
  z.object({ type: z.literal('answers'), id: z.int(), answers: z.array(z.string()) }),
  z.object({ type: z.literal('passed'), upgrade: PassedUpgrade }),
  z.object({ type: z.literal('stop') }),
]);
export type ToProcess = z.infer<typeof ToProcess>;
