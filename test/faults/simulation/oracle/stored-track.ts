import { createHash } from 'node:crypto';
import { decodePcm16le, parseWavHeader } from '@earshot/audio';
import { Manifest, type SessionRef, type TrackName } from '@earshot/protocol';
import { keys } from '@earshot/storage';

/** A stored session as a reader finds it: its manifest, and its only track sample by sample. */
export interface StoredTrack {
  readonly manifest: Manifest;
  /** One entry a sample: is it in a segment, and is it in a gap. */
  readonly stored: Uint8Array;
  readonly missing: Uint8Array;
  readonly audio: Int16Array;
  /** What contradicts itself. */
  readonly faults: readonly { readonly what: string; readonly doubled: number }[];
}

/** Reads the manifest; null when there is none, or none that can be understood. */
export function readManifest(objects: ReadonlyMap<string, Uint8Array>, ref: SessionRef): Manifest | null {
  const bytes = objects.get(keys.manifest(ref));
  if (bytes === undefined) return null;
  const parsed = Manifest.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  return parsed.success ? parsed.data : null;
}

/** Lays a session's segments and gaps out on its track. */
export function readTrack(objects: ReadonlyMap<string, Uint8Array>, manifest: Manifest): StoredTrack {
  const faults: { what: string; doubled: number }[] = [];
  const fault = (what: string, doubled = 0): void => void faults.push({ what, doubled });
  const end = Math.max(
    0,
    ...manifest.segments.map(({ firstSample, samples }) => firstSample + samples),
    ...manifest.gaps.map(({ to }) => to),
  );
  const [stored, missing, audio] = [new Uint8Array(end), new Uint8Array(end), new Int16Array(end)];
  for (const entry of manifest.segments) {
    const { key, firstSample, samples, sha256 } = entry;
    const wav = objects.get(key);
    if (wav === undefined) {
      fault(`segment ${key} is not stored`);
      continue;
    }
    if (createHash('sha256').update(wav).digest('hex') !== sha256)
      fault(`segment ${key} has another checksum`);
    const header = parseWavHeader(wav);
    const pcm = decodePcm16le(wav.subarray(header.dataOffset, header.dataOffset + header.dataBytes));
    if (pcm.length !== samples) fault(`segment ${key} has ${pcm.length} samples, not ${samples}`);
    const twice = count(stored, firstSample, firstSample + samples);
    if (twice > 0) fault(`segment ${key} lies on another`, twice);
    stored.fill(1, firstSample, firstSample + samples);
    audio.set(pcm.subarray(0, Math.min(pcm.length, end - firstSample)), firstSample);
  }
  for (const { from, to } of manifest.gaps) {
    if (count(missing, from, to) > 0) fault(`gap ${from}-${to} lies on another`);
    missing.fill(1, from, to);
  }
  return {
    manifest,
    stored,
    missing,
    audio,
    faults: [...faults, ...ledgerFaults(manifest, { stored, missing })],
  };
}

function ledgerFaults(
  manifest: Manifest,
  { stored, missing }: { stored: Uint8Array; missing: Uint8Array },
): { what: string; doubled: number }[] {
  const faults: string[] = [];
  const end = stored.length;
  const unnamed = stored.findIndex((is, at) => is === 0 && missing[at] === 0);
  if (unnamed >= 0) faults.push(`sample ${unnamed} is neither stored nor in a gap`);
  const coverage = manifest.coverage[0];
  const gapSamples = count(missing, 0, end);
  if (manifest.segments.length > 0) {
    if (coverage?.receivedSamples !== end)
      faults.push(`coverage has ${coverage?.receivedSamples} of ${end} samples`);
    if (coverage?.gapSamples !== gapSamples)
      faults.push(`coverage has ${coverage?.gapSamples} of ${gapSamples} gap samples`);
    if (coverage?.storedSamples !== end - gapSamples) faults.push('stored and gaps do not add up');
  }
  return faults.map((what) => ({ what, doubled: 0 }));
}

/** Ones in [from, to). */
function count(marks: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < Math.min(to, marks.length); at += 1) sum += marks[at]!;
  return sum;
}

/** The part of a manifest that is about one track. */
export function manifestOfTrack(manifest: Manifest, name: TrackName): Manifest {
  const own = <T extends { track: TrackName }>(list: readonly T[]): T[] =>
    list.filter(({ track }) => track === name);
  const { segments, gaps, coverage, digests } = manifest;
  return {
    ...manifest,
    segments: own(segments),
    gaps: own(gaps),
    coverage: own(coverage),
    ...(digests === undefined ? {} : { digests: own(digests) }),
  };
}
