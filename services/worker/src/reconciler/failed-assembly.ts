import type { PendingMarker, SessionRef, Transcript } from '@earshot/protocol';
import { unlessErased } from '../finishing/erasure.ts';
import { finishSession } from '../finishing/finish.ts';
import type { WorkerParts } from '../parts.ts';

/** Rounds of attempts after which an assembly is not tried again; each is some minutes long. */
const MAX_ROUNDS = 3;

/** Counts one more round in which the assembly failed; true when it was the last that it gets. */
export async function countFailedRound(
  { archive }: Pick<WorkerParts, 'archive'>,
  marker: PendingMarker,
): Promise<boolean> {
  const failedRounds = (marker.failedRounds ?? 0) + 1;
  await archive.writePending({ ...marker, failedRounds });
  return failedRounds >= MAX_ROUNDS;
}

/** Ends a session whose transcript cannot be put together: failed, with the reason, and its audio kept. */
export async function failAssembly(parts: WorkerParts, ref: SessionRef): Promise<void> {
  const { archive, now, log } = parts;
  await unlessErased(archive, ref, async () => {
    const session = await archive.readSession(ref);
    const message = 'The transcript could not be put together.';
    const failure = { code: 'extraction_failed', message };
    const transcript: Transcript = {
      v: 1,
      tenant: ref.tenant,
      sessionId: ref.sessionId,
      status: 'failed',
      completedAt: now().toISOString(),
      modelUsed: session?.request.model ?? 'lite',
      engine: 'none',
      engineModel: 'none',
      engineVersion: 'none',
      languageDetected: null,
      text: '',
      utterances: [],
      templates: Object.fromEntries(
        (session?.request.templates ?? []).map((id) => [id, { status: 'failed', error: failure }]),
      ),
      error: { code: 'processing_failed', message },
      processingErrors: [{ type: 'assembly_failed', message, details: { rounds: MAX_ROUNDS } }],
      segmentsTotal: 0,
      segmentsFailed: 0,
      audioFilesProcessed: 0,
    };
    await archive.createTranscript(transcript);
    log.error({ session: ref.sessionId }, 'a session failed whose transcript could not be put together');
    await finishSession(parts, (await archive.readTranscript(ref)) ?? transcript);
  });
}
