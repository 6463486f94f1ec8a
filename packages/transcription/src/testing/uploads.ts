import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AudioFormat, UploadReceipt } from '@earshot/protocol';
import { type DecodeUploadsRequest, decodeUploads, type UploadEvent } from '../decode/decode-uploads.ts';

const execute = promisify(execFile);

/** Seconds of a 440 Hz tone, mono, as a file of the given kind; ffmpeg is told how by `options`. */
export async function toneFile(
  folder: string,
  file: { readonly name: string; readonly seconds: number; readonly options: readonly string[] },
): Promise<Uint8Array> {
  const path = join(folder, file.name);
  const source = `sine=frequency=440:sample_rate=48000:duration=${file.seconds}`;
  await execute('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...file.options, path]);
  return new Uint8Array(await readFile(path));
}

/** One uploaded file of a test; its place in the list is its sequence number unless it has another. */
export interface TestUpload {
  readonly format: AudioFormat;
  readonly bytes: Uint8Array;
  readonly sequence?: number;
  readonly pcm?: UploadReceipt['pcm'];
}

/** The receipt that an ingest would have written for an upload. */
export function receiptOf(upload: TestUpload, index: number): UploadReceipt {
  const sequence = upload.sequence ?? index;
  return {
    sequence,
    key: `k/${sequence}`,
    name: `${sequence}.${upload.format}`,
    originalFilename: 'file',
    format: upload.format,
    contentType: 'audio/x',
    bytes: Math.max(upload.bytes.length, 1),
    sha256: createHash('sha256').update(upload.bytes).digest('hex'),
    receivedAt: '2026-01-01T00:00:00Z',
    ...(upload.pcm === undefined ? {} : { pcm: upload.pcm }),
  };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1500) yield await Promise.resolve(bytes.subarray(at, at + 1500));
}

/** All events of a decoding; rejects as it does. */
export async function collectEvents(events: AsyncIterable<UploadEvent>): Promise<UploadEvent[]> {
  const all: UploadEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** What came out of decoding, in a form that tests can compare. */
export interface DecodedUploads {
  readonly rates: readonly number[];
  readonly samples: Int16Array;
  readonly seconds: number;
  readonly skipped: readonly string[];
  readonly missing: readonly string[];
  readonly order: readonly string[];
}

function summary(events: readonly UploadEvent[]): DecodedUploads {
  const samples = Int16Array.from(
    events.flatMap((event) => (event.kind === 'samples' ? [...event.samples] : [])),
  );
  const rates = events.flatMap((event) => (event.kind === 'format' ? event.sampleRate : []));
  return {
    rates,
    samples,
    seconds: samples.length / (rates[0] ?? 1),
    skipped: events.flatMap((event) =>
      event.kind === 'skipped' ? `${event.receipt.name} ${event.reason}` : [],
    ),
    missing: events.flatMap((event) =>
      event.kind === 'missing' ? `${event.sequence}-${event.through}` : [],
    ),
    order: events.map((event) => event.kind),
  };
}

/** Decodes uploads that are in memory, fed in small pieces. */
export async function decodeAll(
  uploads: readonly TestUpload[],
  options: Partial<DecodeUploadsRequest> = {},
): Promise<DecodedUploads> {
  const receipts = uploads.map(receiptOf);
  const bytesOf = new Map(uploads.map((upload, index) => [receipts[index]?.sequence, upload.bytes]));
  const open = (receipt: UploadReceipt) =>
    Promise.resolve(pieces(bytesOf.get(receipt.sequence) ?? new Uint8Array(0)));
  const signal = new AbortController().signal;
  return summary(await collectEvents(decodeUploads({ receipts, open, signal, ...options })));
}
