import { EarshotError, LIMITS, recordingEvents } from '@earshot/protocol';
import { publicOrigin, sendRanged } from '@earshot/runtime';
import { ObjectNotFound, removeRecordings } from '@earshot/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RecordingDeps } from './deps.ts';
import { type FoundRecording, findRecording, type RecordingOwner } from './shelf.ts';

/** A link that plays and downloads one recording without a header, for a short while. */
export const RecordingLink = z.object({
  url: z.string(),
  expiresInSeconds: z.int(),
  expiresAt: z.iso.datetime(),
});
export type RecordingLink = z.infer<typeof RecordingLink>;

/** What is done with one recording, whatever the path that names it. */
export interface RecordingRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly owner: RecordingOwner;
  readonly recordingId: string;
}

export const mediaPath = (recordingId: string): string => `/v1/media/recordings/${recordingId}`;

/** Sends the file or a range of it. */
export async function sendRecording(deps: RecordingDeps, asked: RecordingRequest): Promise<FastifyReply> {
  const { file, sidecar } = await findRecording(deps, asked.owner, asked.recordingId);
  return sendRanged(asked.request, asked.reply, {
    bytes: file.sizeBytes,
    contentType: file.contentType,
    filename: `${sidecar.callId}-${file.kind}.wav`,
    read: (range) =>
      deps.store.read(file.key, range).catch((error: unknown) => {
        // It was there when it was looked up: somebody removes it right now.
        throw error instanceof ObjectNotFound ? new EarshotError('recording_not_found') : error;
      }),
  });
}

/** Makes a link; it opens the one recording, by reading only. */
export async function linkRecording(deps: RecordingDeps, asked: RecordingRequest): Promise<RecordingLink> {
  const { file } = await findRecording(deps, asked.owner, asked.recordingId);
  const ttlSeconds = LIMITS.recordingLinkSeconds;
  const { tenant } = asked.owner;
  const path = deps.links.sign({ path: mediaPath(file.recordingId), tenant, ttlSeconds });
  void asked.reply.header('cache-control', 'no-store');
  return {
    url: publicOrigin(asked.request, deps.publicOrigin) + path,
    expiresInSeconds: ttlSeconds,
    expiresAt: new Date(deps.now().getTime() + ttlSeconds * 1000).toISOString(),
  };
}

/** Deletes all recordings of the call that one is of, and tells so once a file. */
export async function deleteRecordings(deps: RecordingDeps, asked: RecordingRequest): Promise<null> {
  const found = await findRecording(deps, asked.owner, asked.recordingId);
  const removedAt = deps.now().toISOString();
  await removeRecordings({ store: deps.store, calls: deps.archive }, found.ref, {
    sidecar: found.sidecar,
    record: { v: 1, removedAt, by: 'request' },
    tell: () => {
      tellDeleted(deps, found, removedAt);
      return Promise.resolve();
    },
  });
  void asked.reply.code(204);
  return null;
}

function tellDeleted({ announce }: RecordingDeps, { ref, sidecar }: FoundRecording, at: string): void {
  const { callId, lineId, files } = sidecar;
  const events = recordingEvents(ref.tenant, sidecar, { type: 'recording.deleted', at });
  for (const [n, { type, tenant, data }] of events.entries()) {
    announce({ type, tenant, lineId, callId, nonce: files[n]?.kind ?? String(n), data });
  }
}
