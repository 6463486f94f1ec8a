import { spanCheck } from './checksum.ts';

/** Version of the layout of headers and records. */
export const FORMAT_VERSION = 1;
/** Both copies of the header lie in pages of their own; records begin behind them. */
export const HEADER_AREA_BYTES = 8192;

const COPIES_AT = [0, 4096] as const;
const MAGIC = 'EARSHOTJ';
const CHECKED_BYTES = 56;

/** What makes records of one file recognisable: callers cannot know it, so no audio of theirs looks like a record. */
export interface FileSecret {
  readonly magic: number;
  readonly seed: number;
}

/** The file that was written before this one, as it was when this one began. */
export interface FileLink {
  /** 0 for none. */
  readonly sequence: number;
  /** The check of its header, which tells it from any other file of that name. */
  readonly identity: number;
  readonly bytes: number;
  /** The check of its last record. */
  readonly lastCheck: number;
}

export interface FileHeader {
  readonly sequence: number;
  readonly secret: FileSecret;
  readonly previous: FileLink;
  /** Streams that first appear in this file or later have this number or a higher one. */
  readonly firstStream: number;
  /** The header's own checksum: the chain of the file's records begins with it. */
  readonly check: number;
}

/** The header area of a file, with both copies, and the header with its check. */
export function makeHeader(fields: Omit<FileHeader, 'check'>): { header: FileHeader; area: Buffer } {
  const area = Buffer.alloc(HEADER_AREA_BYTES);
  area.write(MAGIC, 0, 'latin1');
  area.writeUInt32LE(FORMAT_VERSION, 8);
  area.writeUInt32LE(fields.secret.magic, 12);
  area.writeUInt32LE(fields.secret.seed, 16);
  area.writeUInt32LE(fields.firstStream, 20);
  area.writeUIntLE(fields.sequence, 24, 6);
  area.writeUIntLE(fields.previous.sequence, 32, 6);
  area.writeUIntLE(fields.previous.bytes, 40, 6);
  area.writeUInt32LE(fields.previous.identity, 48);
  area.writeUInt32LE(fields.previous.lastCheck, 52);
  const check = spanCheck(area, { at: 0, length: CHECKED_BYTES }, 0);
  area.writeUInt32LE(check, CHECKED_BYTES);
  area.copy(area, COPIES_AT[1], 0, CHECKED_BYTES + 4);
  return { header: { ...fields, check }, area };
}

/** The header from either copy; `version` when another version wrote it, undefined when neither copy can be read. */
export function readHeader(area: Buffer): FileHeader | { readonly version: number } | undefined {
  let version: number | undefined;
  for (const at of COPIES_AT) {
    if (area.length < at + CHECKED_BYTES + 4 || area.toString('latin1', at, at + 8) !== MAGIC) continue;
    const found = area.readUInt32LE(at + 8);
    const whole = spanCheck(area, { at, length: CHECKED_BYTES }, 0) === area.readUInt32LE(at + CHECKED_BYTES);
    if (whole && found === FORMAT_VERSION) return fieldsAt(area, at);
    if (whole || found > FORMAT_VERSION) version ??= found;
  }
  return version === undefined ? undefined : { version };
}

function fieldsAt(area: Buffer, at: number): FileHeader {
  return {
    secret: { magic: area.readUInt32LE(at + 12), seed: area.readUInt32LE(at + 16) },
    firstStream: area.readUInt32LE(at + 20),
    sequence: area.readUIntLE(at + 24, 6),
    previous: {
      sequence: area.readUIntLE(at + 32, 6),
      bytes: area.readUIntLE(at + 40, 6),
      identity: area.readUInt32LE(at + 48),
      lastCheck: area.readUInt32LE(at + 52),
    },
    check: area.readUInt32LE(at + CHECKED_BYTES),
  };
}
