import { createHash } from 'node:crypto';
import { createFiveBandDetector, decodePcm16le, parseWavHeader, rmsDb } from '@earshot/audio';
import { EarshotError, type SegmentEntry, type SessionRef } from '@earshot/protocol';
import { newRow, type SessionRow } from '../core/machine.ts';
import { mergeSegments } from '../core/manifest.ts';
import { type SegmentStatus, type SessionContents, type StoredSegment, segmentName } from '../ports.ts';
import type { SessionsContext } from './context.ts';

/** The row of a session, rebuilt from the object store when the index does not know it. */
export async function loadRow(context: SessionsContext, ref: SessionRef): Promise<SessionRow> {
  const known = await context.index.read(ref);
  if (known !== null) return known;
  const rebuilt = await rebuild(context, ref);
  if (rebuilt === null) throw notFound(ref);
  await context.index.restore(rebuilt.row, rebuilt.contents);
  return rebuilt.row;
}

/** Unknown and foreign ids answer alike. */
export function notFound(ref: SessionRef): EarshotError {
  return new EarshotError('session_not_found', { details: { session_id: ref.sessionId } });
}

/** What the object store knows of a session; null when it was never created, or erased. */
export async function rebuild(
  context: SessionsContext,
  ref: SessionRef,
): Promise<{ row: SessionRow; contents: SessionContents } | null> {
  const { truth } = context;
  const document = await truth.readSession(ref);
  if (document === null || (await truth.readErased(ref)) !== null) return null;
  const [uploads, streams, claims, manifest, decoded, transcript, expired, pending] = await Promise.all([
    truth.readUploads(ref),
    truth.readStreams(ref),
    truth.listClaims(ref),
    truth.readManifest(ref),
    truth.readDecoded(ref),
    truth.readTranscript(ref),
    truth.readExpired(ref),
    truth.readPending(ref),
  ]);
  const named = [
    ...(manifest?.segments ?? []),
    ...(decoded?.segments ?? []),
    ...streams.flatMap((stream) => stream.segments),
  ];
  const orphans = decoded === null ? await measureOrphans(context, ref, named) : [];
  const statuses = manifest === null ? new Map<string, SegmentStatus>() : await statusesOf(context, ref);
  const epoch = Math.max(0, ...claims, ...streams.map((stream) => stream.epoch));
  const fresh = newRow(document);
  const heard = uploads.length + streams.length + claims.length + orphans.length > 0;
  const endedAt = manifest?.endedAt ?? (pending?.intent === undefined ? null : pending.since);
  const row: SessionRow = {
    ...fresh,
    status:
      transcript?.status ?? (endedAt ? 'processing' : expired ? 'expired' : heard ? 'recording' : 'created'),
    epoch: Math.max(epoch, pending?.intent?.epoch ?? 0),
    ending: endedAt !== null,
    endedAt,
    completedAt: transcript?.completedAt ?? null,
    expiredAt: endedAt === null ? (expired?.expiredAt ?? null) : null,
    rebuiltAt: context.now().toISOString(),
  };
  return { row, contents: { uploads, segments: mergeSegments(named, orphans), statuses } };
}

async function statusesOf(context: SessionsContext, ref: SessionRef): Promise<Map<string, SegmentStatus>> {
  const results = await context.truth.readResults(ref);
  return new Map(
    results.map((result) => [segmentName(result), result.status === 'ok' ? 'transcribed' : result.status]),
  );
}

/** Entries of stored segments that no record names, measured from the audio itself. */
export async function measureOrphans(
  context: SessionsContext,
  ref: SessionRef,
  named: readonly SegmentEntry[],
): Promise<SegmentEntry[]> {
  const known = new Set(named.map((segment) => segment.key));
  const entries: SegmentEntry[] = [];
  for (const stored of await context.truth.listSegments(ref)) {
    if (!known.has(stored.key)) entries.push(measure(stored, await context.readObject(stored.key)));
  }
  return entries;
}

/** What the audio of a stored segment tells about itself. */
function measure(stored: StoredSegment, wav: Uint8Array): SegmentEntry {
  const header = parseWavHeader(wav);
  const samples = decodePcm16le(wav.subarray(header.dataOffset, header.dataOffset + header.dataBytes));
  const detector = createFiveBandDetector(header.sampleRate);
  let frames = 0;
  let voiced = 0;
  for (let at = 0; at + detector.frameSamples <= samples.length; at += detector.frameSamples) {
    frames++;
    if (detector.push(samples.subarray(at, at + detector.frameSamples)) >= 0.5) voiced++;
  }
  const levelDb = rmsDb(samples);
  return {
    track: stored.track,
    index: stored.index,
    key: stored.key,
    sampleRate: header.sampleRate,
    firstSample: stored.firstSample,
    samples: samples.length,
    sha256: createHash('sha256').update(wav).digest('hex'),
    cut: 'recovered',
    speechRatio: frames === 0 ? 0 : voiced / frames,
    levelDb,
    speech: levelDb > -65,
  };
}
