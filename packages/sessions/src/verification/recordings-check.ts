import type { RecordingSidecar, SessionRef } from '@earshot/protocol';
import type { VerificationParts } from './ports.ts';

const WAV_HEADER_BYTES = 44;

/** What was found about the recordings of a call: problems, and a word for people when there are none. */
export interface RecordingFindings {
  readonly problems: readonly string[];
  readonly figures: readonly string[];
}

const NOTHING: RecordingFindings = { problems: [], figures: [] };

/** Holds the recordings of a call against their sidecar; after a removal none may be left. One sentence a problem. */
export async function checkRecordings(
  { recordings, hashObject }: Pick<VerificationParts, 'recordings' | 'hashObject'>,
  ref: SessionRef,
): Promise<RecordingFindings> {
  const sidecar = (await recordings?.readSidecar(ref)) ?? null;
  if (sidecar === null) return NOTHING;
  const removed = (await recordings?.readRecordingsRemoved(ref)) ?? null;
  const problems: string[] = [];
  for (const { key, kind, sizeBytes, sha256 } of sidecar.files) {
    const found = await hashObject(key);
    if (removed !== null) {
      if (found !== null) problems.push(`recordings removed, but ${key} is left`);
    } else if (found === null) problems.push(`recording ${kind} is missing`);
    else if (found.bytes !== sizeBytes || found.sha256 !== sha256) {
      problems.push(`recording ${kind} is not what its SHA-256 says`);
    }
  }
  const figures =
    removed === null
      ? [`${sidecar.files.length} recordings`]
      : [`recordings removed on ${removed.removedAt}`];
  return { problems: [...problems, ...wrongLengths(sidecar)], figures };
}

function wrongLengths({ files }: RecordingSidecar): string[] {
  const problems = files
    .filter(({ samples, sizeBytes }) => sizeBytes !== WAV_HEADER_BYTES + samples * 2)
    .map(({ kind }) => `recording ${kind} has another number of samples`);
  const lengths = new Set(files.map(({ samples }) => samples));
  return lengths.size > 1 ? [...problems, 'the recordings are not of one length'] : problems;
}
