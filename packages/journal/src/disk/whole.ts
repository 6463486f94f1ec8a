import type { DiskFile } from '../disk.ts';

/** Writes all of `bytes`, however short single writes are; `progress` tells how far it came before an error. */
export async function writeWhole(
  file: DiskFile,
  bytes: Uint8Array,
  place: { readonly at: number; progress: number },
): Promise<void> {
  while (place.progress < bytes.length) {
    const rest = place.progress === 0 ? bytes : bytes.subarray(place.progress);
    const written = await file.write(rest, place.at + place.progress);
    if (!(written > 0)) throw new Error('The disk took no bytes without telling why.');
    place.progress += written;
  }
}

/** Fills `into` from `at` on and tells how many bytes there were before the end of the file. */
export async function readWhole(file: DiskFile, into: Uint8Array, at: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const read = await file.read(filled === 0 ? into : into.subarray(filled), at + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/** True for the errors of a full disk or a used-up quota. */
export function isNoRoom(error: unknown): boolean {
  return hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
}

/** True when a system error has this code. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
