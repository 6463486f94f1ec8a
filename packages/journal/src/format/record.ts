import { payloadCheck, spanCheck } from './checksum.ts';
import type { FileSecret } from './file-header.ts';

/** Bytes in front of every payload. */
export const RECORD_HEAD_BYTES = 52;
const HEAD_SPAN = { at: 0, length: RECORD_HEAD_BYTES - 4 };

/** Kinds of records, as on disk. */
export const RECORD = {
  /** A stream's whole state as JSON. */
  stream: 1,
  /** PCM16LE. */
  audio: 2,
  /** `count` samples that never came; the reason's code is in `flags`. */
  gap: 3,
  /** Everything of the track below `first` may go. */
  release: 4,
  close: 5,
  erase: 6,
  /** Only carries a new floor. */
  marker: 7,
  /** The files that the journal consists of, as JSON. */
  files: 8,
} as const;

/** One record, without its payload. Positions and counts in samples; `floor` and `length` in bytes. */
export interface RecordHead {
  type: number;
  track: number;
  flags: number;
  stream: number;
  epoch: number;
  sampleRate: number;
  first: number;
  count: number;
  /** Head check of the record before it in the file; of the first record, the file header's check. */
  chain: number;
  /** Everything below this offset of the file was durable when the record was made. */
  floor: number;
  length: number;
}

/** A record as found in a file. */
export interface FoundRecord extends Readonly<RecordHead> {
  readonly at: number;
  readonly headCheck: number;
  readonly payloadCheck: number;
  /** The payload was found to be what was written; nobody looked while it is false. */
  whole: boolean;
}

export function emptyRecord(): RecordHead {
  return {
    type: 0,
    track: 0,
    flags: 0,
    stream: 0,
    epoch: 0,
    sampleRate: 0,
    first: 0,
    count: 0,
    chain: 0,
    floor: 0,
    length: 0,
  };
}

/** A place in a file's bytes to write a record to. */
export interface RecordPlace {
  readonly bytes: Buffer;
  readonly at: number;
  readonly secret: FileSecret;
}

/** Writes head and payload at a place that has room for both, and tells the head's check. */
export function writeRecord(place: RecordPlace, head: RecordHead, payload: Uint8Array): number {
  const { bytes, at, secret } = place;
  bytes.writeUInt32LE(secret.magic, at);
  bytes.writeUInt32LE(payload.length, at + 4);
  bytes[at + 8] = head.type;
  bytes[at + 9] = head.track;
  bytes.writeUInt16LE(head.flags, at + 10);
  bytes.writeUInt32LE(head.stream, at + 12);
  bytes.writeUInt32LE(head.epoch, at + 16);
  bytes.writeUInt32LE(head.sampleRate, at + 20);
  bytes.writeUIntLE(head.first, at + 24, 6);
  bytes.writeUIntLE(head.count, at + 30, 6);
  bytes.writeUInt32LE(head.chain, at + 36);
  bytes.writeUInt32LE(head.floor, at + 40);
  bytes.writeUInt32LE(payload.length === 0 ? 0 : payloadCheck(payload, secret.seed), at + 44);
  HEAD_SPAN.at = at;
  const check = spanCheck(bytes, HEAD_SPAN, secret.seed);
  bytes.writeUInt32LE(check, at + 48);
  bytes.set(payload, at + RECORD_HEAD_BYTES);
  return check;
}

/** The record head at an offset, if its magic and its check are right; the payload is not looked at. */
export function readRecord(bytes: Buffer, at: number, secret: FileSecret): FoundRecord | undefined {
  if (at < 0 || at + RECORD_HEAD_BYTES > bytes.length || bytes.readUInt32LE(at) !== secret.magic)
    return undefined;
  HEAD_SPAN.at = at;
  const headCheck = bytes.readUInt32LE(at + 48);
  if (spanCheck(bytes, HEAD_SPAN, secret.seed) !== headCheck) return undefined;
  return {
    at,
    headCheck,
    length: bytes.readUInt32LE(at + 4),
    type: bytes[at + 8] ?? 0,
    track: bytes[at + 9] ?? 0,
    flags: bytes.readUInt16LE(at + 10),
    stream: bytes.readUInt32LE(at + 12),
    epoch: bytes.readUInt32LE(at + 16),
    sampleRate: bytes.readUInt32LE(at + 20),
    first: bytes.readUIntLE(at + 24, 6),
    count: bytes.readUIntLE(at + 30, 6),
    chain: bytes.readUInt32LE(at + 36),
    floor: bytes.readUInt32LE(at + 40),
    payloadCheck: bytes.readUInt32LE(at + 44),
    whole: false,
  };
}

/** The payload of a record, if it is all there and its check is right. */
export function readPayload(bytes: Buffer, record: FoundRecord, secret: FileSecret): Buffer | undefined {
  const from = record.at + RECORD_HEAD_BYTES;
  if (from + record.length > bytes.length) return undefined;
  const payload = bytes.subarray(from, from + record.length);
  const check = record.length === 0 ? 0 : payloadCheck(payload, secret.seed);
  return check === record.payloadCheck ? payload : undefined;
}
