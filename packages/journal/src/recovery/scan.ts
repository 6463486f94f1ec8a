import { type FileHeader, HEADER_AREA_BYTES } from '../format/file-header.ts';
import { type FoundRecord, RECORD_HEAD_BYTES, readPayload, readRecord } from '../format/record.ts';

/** Bytes of a file that are not what was written. */
export interface ScannedDamage {
  readonly from: number;
  readonly to: number;
  /** Where the record that is hit begins, or `from`. */
  readonly cutAt: number;
  /** The stream whose payload is hit; undefined when nobody can tell what was there. */
  readonly stream: number | undefined;
}

export interface Scan {
  readonly records: readonly FoundRecord[];
  readonly damage: readonly ScannedDamage[];
  /** The highest floor that any record tells. */
  readonly floor: number;
}

/** Finds every good record of a file: behind damage it goes on at the next place with the file's magic and a right check. */
export function scan(bytes: Buffer, header: FileHeader): Scan {
  const records: FoundRecord[] = [];
  const damage: ScannedDamage[] = [];
  let floor = HEADER_AREA_BYTES;
  let chain: number | undefined = header.check;
  let at = HEADER_AREA_BYTES;
  while (at < bytes.length) {
    const record = readRecord(bytes, at, header.secret);
    if (record === undefined) {
      const next = resynchronise(bytes, at + 1, header);
      damage.push({ from: at, to: next, cutAt: at, stream: undefined });
      chain = undefined;
      at = next;
      continue;
    }
    if (chain !== undefined && record.chain !== chain) {
      damage.push({ from: at, to: at, cutAt: at, stream: undefined });
    }
    const end = at + RECORD_HEAD_BYTES + record.length;
    record.whole = readPayload(bytes, record, header.secret) !== undefined;
    if (!record.whole) {
      const to = Math.min(end, bytes.length);
      damage.push({ from: Math.min(at + RECORD_HEAD_BYTES, to), to, cutAt: at, stream: record.stream });
    }
    records.push(record);
    floor = Math.max(floor, record.floor);
    chain = record.headCheck;
    at = end;
  }
  return { records, damage, floor };
}

function resynchronise(bytes: Buffer, from: number, header: FileHeader): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(header.secret.magic);
  for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (readRecord(bytes, at, header.secret) !== undefined) return at;
  }
  return bytes.length;
}
