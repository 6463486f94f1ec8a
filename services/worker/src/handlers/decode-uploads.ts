import type { SegmenterOptions } from '@earshot/audio';
import type { DecodedRecord, DecodeUploadsJob, Manifest } from '@earshot/protocol';
import { GiveUp, type Handler, planSegments } from '@earshot/queue';
import { decodeSession } from '../decoding/decoded-record.ts';
import { unlessErased } from '../finishing/erasure.ts';
import type { WorkerParts } from '../parts.ts';

/** Turns an ended session's uploads into stored segments, once, and queues their transcription. */
export function createDecodeUploads(
  parts: WorkerParts,
  cut: Omit<SegmenterOptions, 'sampleRate'>,
): Handler<DecodeUploadsJob> {
  const { archive, producer, index } = parts;

  async function decode(
    job: DecodeUploadsJob,
    manifest: Manifest,
    signal: AbortSignal,
  ): Promise<DecodedRecord> {
    const known = await archive.readDecoded(job);
    if (known !== null) return known;
    const record = await decodeSession({
      store: parts.store,
      ref: job,
      cut,
      receipts: manifest.uploads,
      signal,
    });
    if ((await archive.createDecoded(job, record)) === 'created') return record;
    return (await archive.readDecoded(job)) ?? record;
  }

  return (job, { signal }) =>
    unlessErased(archive, job, async () => {
      const [document, manifest] = await Promise.all([archive.readSession(job), archive.readManifest(job)]);
      if (document === null || manifest === null) throw new GiveUp('the session has no manifest');
      const { segments } = await decode(job, manifest, signal);
      await index.addSegments(job, segments);
      await producer.transcribeFlow(job, planSegments(document, segments));
    });
}
