import { createHash } from 'node:crypto';
import { type ObjectStore, parseSegmentKey } from '@earshot/storage';
import { z } from 'zod';
import type { StoredSegment, StoredSession } from './history.ts';

/** Reads what is left of a session straight from the object store; `status` is what Get Session said last. */
export async function readStoredSession(
  store: ObjectStore,
  root: string,
  status: string | undefined,
): Promise<StoredSession> {
  const segments: StoredSegment[] = [];
  let gapSamples = 0;
  let transcripts = 0;
  for await (const { key } of store.listAll(root)) {
    const place = parseSegmentKey(key);
    if (place !== null) segments.push(segmentOf(place, Buffer.from(await store.get(key))));
    if (key.endsWith('/transcript.json')) transcripts += 1;
    if (key.endsWith('/manifest.json')) gapSamples = gapSamplesOf(await store.get(key));
  }
  return { status, segments, gapSamples, transcripts };
}

function segmentOf(place: { index: number; firstSample: number }, wav: Buffer): StoredSegment {
  return {
    index: place.index,
    firstSample: place.firstSample,
    ...readWav(wav),
    sha256: createHash('sha256').update(wav).digest('hex'),
  };
}

/** Rate and samples of a PCM16 mono WAV; throws when it is none. */
function readWav(wav: Buffer): { sampleRate: number; samples: Int16Array } {
  if (wav.toString('latin1', 0, 4) !== 'RIFF' || wav.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('a stored segment is no WAV file');
  let sampleRate = 0;
  for (let at = 12; at + 8 <= wav.length; ) {
    const name = wav.toString('latin1', at, at + 4);
    const bytes = wav.readUInt32LE(at + 4);
    const body = wav.subarray(at + 8, at + 8 + bytes);
    if (name === 'fmt ') sampleRate = body.readUInt32LE(4);
    if (name === 'data') return { sampleRate, samples: samplesOf(body) };
    at += 8 + bytes + (bytes % 2);
  }
  throw new Error('a stored segment has no audio');
}

function samplesOf(bytes: Buffer): Int16Array {
  const samples = new Int16Array(Math.floor(bytes.length / 2));
  for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(i * 2);
  return samples;
}

const Gaps = z.object({ gaps: z.array(z.object({ from: z.number(), to: z.number() })) });

function gapSamplesOf(manifest: Uint8Array): number {
  const { gaps } = Gaps.parse(JSON.parse(Buffer.from(manifest).toString('utf8')));
  return gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
}
