import { EarshotError, type Manifest, type SessionRef, type Transcript } from '@earshot/protocol';
import { checkAudio } from './audio-check.ts';
import { checkLedger } from './ledger-check.ts';
import type { VerificationParts } from './ports.ts';
import { checkRecordings } from './recordings-check.ts';
import { checkUploads } from './uploads-check.ts';

/** What a session's objects say about it. */
export interface Verdict {
  /** `open`: it has not ended, so there is no ledger to hold it against. */
  readonly state: 'ok' | 'wrong' | 'open';
  /** What was found, for a person; problems first when something is wrong. */
  readonly findings: readonly string[];
}

/**
 * Recomputes a session from its objects alone: hashes, sizes, sample counts, contiguity, coverage and digests
 * against the manifest, and the listing against both. Memory holds one segment at a time.
 */
export async function verifySession(parts: VerificationParts, ref: SessionRef): Promise<Verdict> {
  try {
    return await verify(parts, ref);
  } catch (error) {
    if (!(error instanceof EarshotError) || error.code !== 'internal_error') throw error;
    const { key } = error.details ?? {};
    return { state: 'wrong', findings: [`${error.message} (${String(key)})`] };
  }
}

async function verify(parts: VerificationParts, ref: SessionRef): Promise<Verdict> {
  const { truth } = parts;
  const erased = await truth.readErased(ref);
  if (erased !== null) return verifyErased(parts, ref, erased.erasedAt);
  if ((await truth.readSession(ref)) === null) return { state: 'wrong', findings: ['no such session'] };
  const manifest = await truth.readManifest(ref);
  if (manifest === null) return { state: 'open', findings: ['has not ended'] };
  const [decoded, transcript, removed] = await Promise.all([
    truth.readDecoded(ref),
    truth.readTranscript(ref),
    truth.readAudioRemoved(ref),
  ]);
  const recordings = await checkRecordings(parts, ref);
  const problems = [
    ...recordings.problems,
    ...checkLedger(manifest, decoded),
    ...checkTranscript(manifest, transcript),
    ...(removed === null
      ? [...(await checkAudio(parts, { manifest, decoded })), ...(await checkUploads(parts, manifest))]
      : await checkSilence(parts, ref)),
  ];
  if (problems.length > 0) return { state: 'wrong', findings: problems };
  const audio = removed === null ? figures(manifest) : [`audio removed on ${removed.removedAt}`];
  return {
    state: 'ok',
    findings: [...audio, ...recordings.figures, `transcript ${transcript?.status ?? 'missing'}`],
  };
}

function figures(manifest: Manifest): string[] {
  const gaps = manifest.gaps.length;
  return [
    ...manifest.coverage.map(({ track, seconds }) => `${track} ${seconds.toFixed(3)} s`),
    `${manifest.segments.length} segments`,
    ...(manifest.uploads.length > 0 ? [`${manifest.uploads.length} files`] : []),
    gaps === 0 ? 'no gaps' : `${gaps} gaps`,
    ...(manifest.digests === undefined ? [] : ['digests equal']),
  ];
}

function checkTranscript(manifest: Manifest, transcript: Transcript | null): string[] {
  if (transcript === null) return ['no transcript'];
  if (transcript.status === 'completed' && manifest.gaps.length > 0) {
    return ['completed in spite of gaps'];
  }
  return [];
}

/** After an erasure nothing may be left but the tombstone. */
async function verifyErased(parts: VerificationParts, ref: SessionRef, erasedAt: string): Promise<Verdict> {
  const left: string[] = [];
  for await (const key of parts.listKeys(ref)) {
    if (!key.endsWith('/erased.json')) left.push(`erased, but ${key} is left`);
  }
  return left.length > 0
    ? { state: 'wrong', findings: left }
    : { state: 'ok', findings: [`erased on ${erasedAt}`] };
}

/** After the removal of its audio a session may hold no sound; recordings of its call have a time of their own. */
async function checkSilence(parts: VerificationParts, ref: SessionRef): Promise<string[]> {
  const left: string[] = [];
  for await (const key of parts.listKeys(ref)) {
    if (!key.endsWith('.json') && !key.includes('/recording/'))
      left.push(`audio removed, but ${key} is left`);
  }
  return left;
}
