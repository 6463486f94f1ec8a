import { Readable } from 'node:stream';
import type { DecodedRecord, Gap, ProcessingIssue, UploadReceipt } from '@earshot/protocol';
import { coverageOf } from '@earshot/sessions';
import { ObjectNotFound, type ObjectStore } from '@earshot/storage';
import { type ByteSource, DecodeError, type DecodeReason, decodeUploads } from '@earshot/transcription';
import { TrackWriter, type TrackWriterOptions, UPLOAD_TRACK } from './track-writer.ts';

export interface DecodingOptions extends TrackWriterOptions {
  readonly store: Pick<ObjectStore, 'put' | 'read'>;
  readonly receipts: readonly UploadReceipt[];
  readonly signal: AbortSignal;
}

/**
 * Decodes a session's uploads and stores their segments; the record says what came of them. How long audio is
 * that could not be decoded or never came is unknown, so such gaps are empty ranges at the place of the loss.
 */
export async function decodeSession(options: DecodingOptions): Promise<DecodedRecord> {
  const { store, receipts, signal } = options;
  const lost = new Set<string>();
  const gaps: Gap[] = [];
  const issues: ProcessingIssue[] = [];
  let undecoded = 0;
  let writer: TrackWriter | undefined;
  const gap = (reason: Gap['reason']): void => {
    const at = writer?.position ?? 0;
    gaps.push({ track: UPLOAD_TRACK, from: at, to: at, reason });
  };
  for await (const event of decodeUploads({ receipts, open: opener(store, lost), signal })) {
    if (event.kind === 'format') writer = new TrackWriter(options, event.sampleRate);
    else if (event.kind === 'samples') await writer?.push(event.samples);
    else if (event.kind === 'missing') gap('missing_file');
    else {
      const isLost = lost.has(event.receipt.key);
      gap(isLost ? 'missing_file' : 'undecodable_file');
      issues.push(skippedIssue(event.receipt, isLost ? 'lost' : event.reason));
      if (event.decodedSamples === 0) undecoded += 1;
    }
  }
  const segments = [...((await writer?.end()) ?? [])];
  const coverage = coverageOf(segments, gaps);
  return { v: 1, segments, gaps, coverage, filesDecoded: receipts.length - undecoded, issues };
}

/** The record of uploads that no process survived decoding: nothing of them is used. */
export function undecodableRecord(receipts: readonly UploadReceipt[]): DecodedRecord {
  return {
    v: 1,
    segments: [],
    gaps: receipts.map(() => ({ track: UPLOAD_TRACK, from: 0, to: 0, reason: 'undecodable_file' })),
    coverage: [],
    filesDecoded: 0,
    issues: receipts.map((receipt) => skippedIssue(receipt, 'decoder_crashed')),
  };
}

/** Opens uploads; one that storage no longer has reads as empty and is remembered in `lost`. */
function opener(store: Pick<ObjectStore, 'read'>, lost: Set<string>) {
  return async (receipt: UploadReceipt): Promise<ByteSource> => {
    try {
      return await store.read(receipt.key);
    } catch (error) {
      if (!(error instanceof ObjectNotFound)) throw error;
      lost.add(receipt.key);
      return Readable.from([]);
    }
  };
}

function skippedIssue(receipt: UploadReceipt, reason: DecodeReason | 'lost'): ProcessingIssue {
  const sentence =
    reason === 'lost' ? 'The stored file could not be found.' : new DecodeError(reason).message;
  return {
    type: 'audio_file_skipped',
    message: sentence,
    file: receipt.name,
    details: { sequence: receipt.sequence, reason },
  };
}
