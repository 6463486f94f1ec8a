import { SegmentEntry, SessionDocument, UploadReceipt } from '@earshot/protocol';
import { z } from 'zod';
import type { SessionRow } from '../core/machine.ts';

const Row = z.object({
  document: SessionDocument,
  status: z.enum(['created', 'recording', 'processing', 'completed', 'partial', 'failed', 'expired']),
  epoch: z.int(),
  ending: z.boolean(),
  endedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  expiredAt: z.string().nullable(),
  rebuiltAt: z.string().nullable().default(null),
});

/** A row as the index keeps it. Rows are compared as text, so encoding must be stable. */
export function encodeRow(row: SessionRow): string {
  const { document, status, epoch, ending, endedAt, completedAt, expiredAt, rebuiltAt } = row;
  return JSON.stringify({ document, status, epoch, ending, endedAt, completedAt, expiredAt, rebuiltAt });
}

/** The inverse of `encodeRow`; null when the text is not a row of this version, so that it is rebuilt. */
export function decodeRow(text: string): SessionRow | null {
  const parsed = Row.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

export function decodeReceipts(values: readonly string[]): UploadReceipt[] {
  return values
    .map((value) => UploadReceipt.parse(JSON.parse(value)))
    .sort((a, b) => a.sequence - b.sequence);
}

export function decodeSegments(values: readonly string[]): SegmentEntry[] {
  return values
    .map((value) => SegmentEntry.parse(JSON.parse(value)))
    .sort((a, b) => a.track.localeCompare(b.track) || a.index - b.index);
}
