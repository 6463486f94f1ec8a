import { z } from 'zod';
import { ModelId } from '../session/requests.ts';

export const LINE_ID = /^lin_[A-Za-z0-9_-]{1,40}$/;
/** Name of a carrier in the server's configuration; `loopback` is always there. */
const CarrierName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a carrier name of a-z 0-9 -');

/** What a line does with the calls it carries, unless a call says otherwise. */
const habits = {
  /** Keeps recordings of its calls. */
  record: z.boolean(),
  /** Has its calls transcribed. */
  transcribe: z.boolean(),
  /** Calls that come in are answered at once; otherwise somebody has to accept them. */
  autoAnswer: z.boolean(),
  model: ModelId,
  /** ISO 639-1; null leaves the engine to detect. */
  language: z.string().nullable(),
};

/** `_earshot/lines/{tenant}/{lineId}.json`: a number or account that can carry calls. */
export const LineRecord = z.object({
  v: z.literal(1),
  lineId: z.string(),
  tenant: z.string(),
  name: z.string(),
  /** E.164 with `+`, or null for a line that has no number. */
  number: z.string().nullable(),
  carrier: CarrierName,
  ...habits,
  createdAt: z.iso.datetime(),
});
export type LineRecord = z.infer<typeof LineRecord>;

/** `POST /v1/lines`. */
export const CreateLineRequest = z.strictObject({
  lineId: z.string().regex(LINE_ID, 'a line id is lin_ and 1 to 40 of A-Z a-z 0-9 _ -').optional(),
  name: z.string().min(1).max(100),
  number: z
    .string()
    .regex(/^\+[1-9][0-9]{4,14}$/, 'a number in E.164 form')
    .nullable()
    .default(null),
  carrier: CarrierName.default('loopback'),
  record: habits.record.default(true),
  transcribe: habits.transcribe.default(false),
  autoAnswer: habits.autoAnswer.default(false),
  model: habits.model.default('lite'),
  language: z
    .string()
    .regex(/^[a-z]{2}$/, 'a language is an ISO 639-1 code')
    .nullable()
    .default(null),
});
export type CreateLineRequest = z.infer<typeof CreateLineRequest>;
