import { createHash } from 'node:crypto';
import { parseWavHeader } from '@earshot/audio';
import type { DecodedRecord, Manifest, SegmentEntry } from '@earshot/protocol';
import { createTrackHash, type TrackHash } from '../core/track-hash.ts';
import type { StoredSegment } from '../ports.ts';
import type { VerificationParts } from './ports.ts';

type AudioParts = Pick<VerificationParts, 'truth' | 'readObject'>;

/** Holds every stored segment against its entry, and the listing against both. One sentence a problem. */
export async function checkAudio(
  parts: AudioParts,
  { manifest, decoded }: { readonly manifest: Manifest; readonly decoded: DecodedRecord | null },
): Promise<string[]> {
  const stored = new Map((await parts.truth.listSegments(manifest)).map((one) => [one.key, one]));
  const problems = await checkTracks(parts, manifest, stored);
  for (const entry of decoded?.segments ?? []) {
    problems.push(...(await checkSegment(parts, entry, { stored: stored.get(entry.key) })));
  }
  const entries = [...manifest.segments, ...(decoded?.segments ?? [])];
  const named = new Set(entries.map((entry) => entry.key));
  // Files are cut after End, and until that is recorded their segments are nobody's yet.
  const isCutting = manifest.uploads.length > 0 && decoded === null;
  for (const key of isCutting ? [] : stored.keys()) {
    if (!named.has(key)) problems.push(`${key} is stored, but not in the manifest`);
  }
  for (const { epoch, segments } of await parts.truth.readStreams(manifest)) {
    const lost = segments.filter((segment) => !named.has(segment.key));
    if (lost.length > 0) problems.push(`${lost.length} segments of stream ${epoch} are not in the manifest`);
  }
  return problems;
}

async function checkTracks(
  parts: AudioParts,
  manifest: Manifest,
  stored: ReadonlyMap<string, StoredSegment>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const { track, receivedSamples } of manifest.coverage) {
    const hash = createTrackHash();
    const segments = manifest.segments.filter((segment) => segment.track === track);
    for (const entry of segments.toSorted((a, b) => a.firstSample - b.firstSample)) {
      problems.push(...(await checkSegment(parts, entry, { stored: stored.get(entry.key), hash })));
    }
    const told = manifest.digests?.find((digest) => digest.track === track);
    if (told === undefined) {
      if (manifest.digests !== undefined) problems.push(`${track} has no digest`);
    } else if (told.samples !== receivedSamples || told.sha256 !== hash.end(receivedSamples)) {
      problems.push(`the digest of ${track} is another`);
    }
  }
  return problems;
}

async function checkSegment(
  { readObject }: AudioParts,
  entry: SegmentEntry,
  { stored, hash }: { readonly stored: StoredSegment | undefined; readonly hash?: TrackHash },
): Promise<string[]> {
  const name = `segment ${entry.track} ${entry.index}`;
  const wav = await readObject(entry.key);
  if (wav === null || stored === undefined) return [`${name} is missing`];
  const problems: string[] = [];
  const isHere = stored.track === entry.track && stored.index === entry.index;
  if (!isHere || stored.firstSample !== entry.firstSample) problems.push(`${name} lies in another place`);
  if (stored.bytes !== wav.length) problems.push(`${name} is listed with another size`);
  if (createHash('sha256').update(wav).digest('hex') !== entry.sha256) {
    problems.push(`${name} is not what its SHA-256 says`);
  }
  try {
    const { sampleRate, dataOffset, dataBytes } = parseWavHeader(wav);
    if (sampleRate !== entry.sampleRate) problems.push(`${name} has another rate`);
    if (dataBytes !== entry.samples * 2 || dataOffset + dataBytes !== wav.length) {
      problems.push(`${name} has another number of samples`);
    }
    hash?.add(entry.firstSample, wav);
  } catch {
    problems.push(`${name} is no WAV file`);
  }
  return problems;
}
