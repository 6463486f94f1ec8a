import { EarshotError, type SessionRef, type TenantPolicy } from '@earshot/protocol';
import { planRemoval } from '@earshot/queue';
import { eraseSession } from '@earshot/sessions';
import type { WorkerParts } from '../parts.ts';
import { expireRecordings } from './recordings.ts';

/** The most that was done about one session, and how often in a sweep. */
export type Keeping = 'kept' | 'audio_removed' | 'recordings_removed' | 'erased' | 'failed';

type RetentionParts = Pick<
  WorkerParts,
  'archive' | 'callArchive' | 'events' | 'index' | 'log' | 'now' | 'producer' | 'store'
>;

const DAY_MS = 86_400_000;
/** Sessions looked at side by side. */
const PARALLEL = 8;
/** A removal that broke off is finished by the sweeps of this long after it, ms. */
const UNSURE_MS = 2 * DAY_MS;

/** Looks at every session of every tenant and removes what its tenant does not want kept any longer. */
export async function sweepRetention(
  parts: RetentionParts,
  fallback: TenantPolicy,
  signal: AbortSignal,
): Promise<Record<Keeping, number>> {
  const counts: Record<Keeping, number> = {
    kept: 0,
    audio_removed: 0,
    recordings_removed: 0,
    erased: 0,
    failed: 0,
  };
  for (const tenant of await parts.archive.listTenants()) {
    const policy = (await parts.archive.readPolicy(tenant)) ?? fallback;
    const ids = parts.archive.listSessions(tenant)[Symbol.asyncIterator]();
    const lane = async (): Promise<void> => {
      for (let next = await ids.next(); next.done !== true; next = await ids.next()) {
        if (signal.aborted) return;
        counts[await keepOrTell(parts, { tenant, sessionId: next.value }, policy)] += 1;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
  }
  return counts;
}

async function keepOrTell(parts: RetentionParts, ref: SessionRef, policy: TenantPolicy): Promise<Keeping> {
  try {
    return await keepSession(parts, ref, policy);
  } catch (error) {
    if (error instanceof EarshotError && error.retryable) throw error;
    parts.log.error({ err: error, session: ref.sessionId }, 'how long to keep a session could not be judged');
    return 'failed';
  }
}

async function keepSession(parts: RetentionParts, ref: SessionRef, policy: TenantPolicy): Promise<Keeping> {
  const { archive, now } = parts;
  const tombstone = await archive.readErased(ref);
  if (tombstone !== null) {
    // An erasure that broke off, or an index that was rolled back to before it.
    const isDone = tombstone.receipt !== undefined && (await parts.index.read(ref)) === null;
    if (!isDone) return erase(parts, ref);
    if (now().getTime() - Date.parse(tombstone.erasedAt) > UNSURE_MS) return 'kept';
    // A process that died had a write under way, which took effect behind the erasure.
    return (await archive.eraseSession(ref)).objects === 0 ? 'kept' : 'erased';
  }
  const recordings = (await expireRecordings(parts, ref)) ? 'recordings_removed' : 'kept';
  const over = await overSince(parts, ref);
  if (over === null) return recordings;
  const ageDays = (now().getTime() - Date.parse(over)) / DAY_MS;
  const { keepAudioDays, keepTranscriptDays } = policy;
  if (keepTranscriptDays !== null && ageDays >= keepTranscriptDays) return erase(parts, ref);
  const audio = keepAudioDays > 0 && ageDays >= keepAudioDays ? await removeAudio(parts, ref) : 'kept';
  return audio === 'kept' ? recordings : audio;
}

/** When a session came to its end, with a result or by expiry; null while it has not. */
async function overSince({ archive }: RetentionParts, ref: SessionRef): Promise<string | null> {
  const transcript = await archive.readTranscript(ref);
  if (transcript !== null) return transcript.completedAt;
  if ((await archive.readManifest(ref)) !== null) return null;
  return (await archive.readExpired(ref))?.expiredAt ?? null;
}

/** The record comes first, so that nobody is offered sound that is just going. */
async function removeAudio({ archive, now }: RetentionParts, ref: SessionRef): Promise<Keeping> {
  const known = await archive.readAudioRemoved(ref);
  if (known !== null && now().getTime() - Date.parse(known.removedAt) > UNSURE_MS) return 'kept';
  const amount = await archive.measureAudio(ref);
  if (known !== null && amount.objects === 0) return 'kept';
  await archive.createAudioRemoved(ref, { v: 1, removedAt: now().toISOString(), ...amount });
  await archive.removeAudio(ref);
  return 'audio_removed';
}

async function erase({ archive, index, producer, now }: RetentionParts, ref: SessionRef): Promise<Keeping> {
  const removeWork = async (of: SessionRef, segments: Parameters<typeof planRemoval>[1]): Promise<number> =>
    producer.removeSession(of, planRemoval(of, segments, await archive.listWebhooks(of.tenant)));
  await eraseSession({ truth: archive, index, queue: { removeWork }, now }, ref);
  return 'erased';
}
