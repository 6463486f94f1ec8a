import type { LineRecord } from '@earshot/protocol';
import type { CallArchive } from '@earshot/storage';

/** How long the list of lines is believed. Platforms dial before anybody is known, so each must not cost a listing. */
const LINES_KNOWN_MS = 2000;

/**
 * Finds a line by its id alone, among those whose carrier brings streams. Should two tenants have the same one, it is
 * nobody's here: better no call than one that the wrong tenant hears.
 */
export function createLineFinder(
  archive: Pick<CallArchive, 'listAllLines'>,
  bringsStreams: (line: LineRecord) => boolean,
): (lineId: string) => Promise<LineRecord | null> {
  let known: { readonly lines: Promise<LineRecord[]>; readonly untilMs: number } | undefined;
  return async (lineId) => {
    const now = performance.now();
    if (known === undefined || now >= known.untilMs) {
      known = { lines: archive.listAllLines(), untilMs: now + LINES_KNOWN_MS };
      known.lines.catch(() => {
        known = undefined;
      });
    }
    const found = (await known.lines).filter((line) => line.lineId === lineId && bringsStreams(line));
    return found.length === 1 ? (found[0] ?? null) : null;
  };
}
