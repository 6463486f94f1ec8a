import { fileName } from '../../format/file-name.ts';
import { decodeLedger, type Ledger } from '../../format/ledger.ts';
import { RECORD, RECORD_HEAD_BYTES } from '../../format/record.ts';
import { extentOf } from '../extent.ts';
import { scan } from '../scan.ts';
import { type FoundFile, readAll } from './found-file.ts';

/** What the newest list of files says of the files that were found. */
export interface LedgerCheck {
  /** Files that are not part of the journal any more: about to be removed when it stopped, or restored from a backup. */
  readonly leftovers: readonly FoundFile[];
  /** Sequences of files that should be there. */
  readonly missing: number[];
}

/** Compares the files with the newest list, and takes the header from those that are not what it names. */
export async function checkLedger(found: readonly FoundFile[]): Promise<LedgerCheck> {
  const newest = await newestLedger(found);
  if (newest === undefined) return { leftovers: [], missing: [] };
  const { ledger, sequence } = newest;
  const older = found.filter((file) => file.sequence < sequence);
  const leftovers = older.filter((file) => file.header !== undefined && !ledger.has(file.sequence));
  for (const file of older) {
    const identity = ledger.get(file.sequence) ?? 0;
    if (identity !== 0 && file.header?.check !== identity) file.header = undefined;
  }
  const there = new Set(found.map((file) => file.sequence));
  const missing = [...ledger.keys()].filter((listed) => listed < sequence && !there.has(listed));
  return { leftovers, missing: missing.sort((a, b) => a - b) };
}

/** The bytes of a file that is gone cannot be counted. */
export function missingFile(sequence: number): { file: string; from: number; to: number; stream: undefined } {
  return { file: fileName(sequence), from: 0, to: 0, stream: undefined };
}

async function newestLedger(
  found: readonly FoundFile[],
): Promise<{ readonly ledger: Ledger; readonly sequence: number } | undefined> {
  for (const { header, handle, bytes: size, sequence } of found.toReversed()) {
    if (header === undefined) continue;
    const bytes = await readAll(handle, size);
    const { records } = extentOf({ header, bytes: size, isLast: true }, scan(bytes, header), undefined);
    const record = records.findLast(({ type, whole }) => type === RECORD.files && whole);
    if (record === undefined) continue;
    const from = record.at + RECORD_HEAD_BYTES;
    const ledger = decodeLedger(bytes.subarray(from, from + record.length));
    if (ledger !== undefined) return { ledger, sequence };
  }
  return undefined;
}
