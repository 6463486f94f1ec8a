import { type FileHeader, type FileLink, HEADER_AREA_BYTES } from '../format/file-header.ts';
import { type FoundRecord, RECORD, RECORD_HEAD_BYTES } from '../format/record.ts';
import type { Scan, ScannedDamage } from './scan.ts';

/** What of a file counts. */
export interface Extent {
  readonly records: readonly FoundRecord[];
  /** Records at or above this offset may be known to this process only: they have to be written again. */
  readonly sureBytes: number;
  /** Head check of the last good record below `sureBytes`. */
  readonly lastCheck: number;
  /** Where good records end. */
  readonly cutAt: number;
  readonly damage: readonly ScannedDamage[];
}

/**
 * Tells damage from a torn tail. Below what was known to be durable (what the next file says, or the highest floor
 * in a last file) bad bytes are damage and everything good around them counts. Above it the first bad byte ends the
 * file: nothing behind it can have been acknowledged.
 */
export function extentOf(
  file: { readonly header: FileHeader; readonly bytes: number; readonly isLast: boolean },
  found: Scan,
  link: FileLink | undefined,
): Extent {
  const erased = new Set(
    found.records.filter(({ type }) => type === RECORD.erase).map(({ stream }) => stream),
  );
  const all = found.damage.filter(({ stream }) => stream === undefined || !erased.has(stream));
  const sureBytes = link?.bytes ?? (file.isLast ? found.floor : file.bytes);
  const torn = all.find(({ from, to }) => to > sureBytes || from >= sureBytes);
  const cutAt =
    torn === undefined ? Math.max(file.bytes, HEADER_AREA_BYTES) : Math.max(torn.cutAt, sureBytes);
  const records = found.records.filter(({ at }) => at < cutAt);
  const lastSure = records.findLast(({ at, length }) => at + RECORD_HEAD_BYTES + length <= sureBytes);
  const lastCheck = lastSure?.headCheck ?? file.header.check;
  const damage = all
    .filter(({ from }) => from < sureBytes)
    .map((piece) => ({ ...piece, to: Math.min(piece.to, sureBytes) }));
  if (file.bytes < sureBytes) damage.push(lost(Math.max(file.bytes, HEADER_AREA_BYTES), sureBytes));
  else if (damage.length === 0 && link !== undefined && link.lastCheck !== lastCheck) {
    damage.push(lost(sureBytes, sureBytes));
  }
  return { records, sureBytes, lastCheck, cutAt, damage };
}

function lost(from: number, to: number): ScannedDamage {
  return { from, to, cutAt: from, stream: undefined };
}
