import type { FileLink } from '../../format/file-header.ts';
import type { FoundFile } from './found-file.ts';

/**
 * Takes the header from files that are not what their neighbours say, such as one restored from an old backup, and
 * gives for each file what the next one says of it. Where two neighbours disagree, the one that a third file
 * confirms is believed; without a third one the newer: only it can know the other.
 */
export function checkLinks(files: readonly FoundFile[]): Map<FoundFile, FileLink> {
  const bySequence = new Map(files.map((file) => [file.sequence, file]));
  const confirmed = new Set<FoundFile>();
  const disputes: [older: FoundFile, newer: FoundFile][] = [];
  for (const newer of files) {
    const older = newer.header && bySequence.get(newer.header.previous.sequence);
    if (older?.header === undefined) continue;
    if (older.header.check !== newer.header?.previous.identity) disputes.push([older, newer]);
    else confirmed.add(older).add(newer);
  }
  for (const [older, newer] of disputes) {
    const refused = confirmed.has(older) && !confirmed.has(newer) ? newer : older;
    refused.header = undefined;
  }
  const links = new Map<FoundFile, FileLink>();
  for (const { header } of files) {
    const older = header && bySequence.get(header.previous.sequence);
    if (older?.header !== undefined) links.set(older, header?.previous ?? older.header.previous);
  }
  return links;
}
