import { createHash } from 'node:crypto';
import { createSegmenter, encodeWav } from '@earshot/audio';
import {
  type AudioFormat,
  CreateSessionRequest,
  type Manifest,
  type SegmentEntry,
  type SessionDocument,
  type SessionRef,
  type UploadReceipt,
} from '@earshot/protocol';
import { coverageOf } from '@earshot/sessions';
import { createSessionArchive, keys, type ObjectStore, type SessionArchive } from '@earshot/storage';

/** One file as a client sent it. */
export interface TestFile {
  readonly sequence: number;
  readonly format: AudioFormat;
  readonly bytes: Uint8Array;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Long enough ago that the reconciler takes a session for one that nobody works on. */
export const ENDED_AT = '2026-01-01T00:00:00.000Z';

/** Writes sessions into a store exactly as they stand after End, for tests of what comes then. */
export class EndedSessions {
  readonly archive: SessionArchive;
  readonly #store: ObjectStore;
  #count = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
    this.archive = createSessionArchive(store);
  }

  /** A live session whose segments were cut and stored as the sound came in; all count as speech. */
  async live(samples: Int16Array, sampleRate: number): Promise<SessionRef> {
    const document = this.#document('stream');
    const segmenter = createSegmenter({ sampleRate });
    const cuts = [...segmenter.push(samples), segmenter.flush()].filter((cut) => cut !== undefined);
    const segments: SegmentEntry[] = [];
    for (const [index, cut] of cuts.entries()) {
      const wav = encodeWav(cut.samples, sampleRate);
      const place = { track: 'main', index, firstSample: cut.firstSample } as const;
      const key = keys.segment(document, place);
      await this.#store.put(key, wav, { createOnly: true });
      const { samples: audio, ...rest } = cut;
      segments.push({
        ...rest,
        speech: true,
        ...place,
        key,
        sampleRate,
        samples: audio.length,
        sha256: sha256(wav),
      });
    }
    return this.#end(document, [], segments);
  }

  /** A session of uploaded files. */
  async uploads(files: readonly TestFile[]): Promise<SessionRef> {
    const document = this.#document('chunked');
    const receipts: UploadReceipt[] = [];
    for (const { sequence, format, bytes } of files) {
      const key = keys.upload(document, sequence, format);
      await this.#store.put(key, bytes);
      const receipt: UploadReceipt = {
        sequence,
        key,
        name: `${sequence}.${format}`,
        originalFilename: `${sequence}.${format}`,
        format,
        contentType: `audio/${format}`,
        bytes: bytes.length,
        sha256: sha256(bytes),
        receivedAt: ENDED_AT,
      };
      await this.archive.createUpload(document, receipt);
      receipts.push(receipt);
    }
    return this.#end(document, receipts, []);
  }

  #document(uploadType: 'stream' | 'chunked'): SessionDocument {
    this.#count += 1;
    return {
      v: 1,
      tenant: 'clinic',
      sessionId: `ses_worker${String(this.#count).padStart(12, '0')}`,
      streamId: null,
      createdAt: ENDED_AT,
      expiresAt: ENDED_AT,
      createdBy: 'key_test',
      test: true,
      request: CreateSessionRequest.parse({ upload_type: uploadType, templates: ['transcript'] }),
      userStatus: null,
      processingStatus: null,
    };
  }

  async #end(
    document: SessionDocument,
    uploads: readonly UploadReceipt[],
    segments: readonly SegmentEntry[],
  ): Promise<SessionRef> {
    const { tenant, sessionId } = document;
    const files = uploads.length > 0 ? uploads.map((upload) => upload.name) : segments.map((one) => one.key);
    const manifest: Manifest = {
      v: 1,
      tenant,
      sessionId,
      endedAt: ENDED_AT,
      uploads: [...uploads],
      segments: [...segments],
      gaps: [],
      coverage: coverageOf(segments, []),
      issues: [],
      answer: {
        session_id: sessionId,
        status: 'processing',
        message: 'Session ended.',
        audio_files_received: files.length,
        audio_files: files,
      },
    };
    await this.archive.createSession(document);
    await this.archive.writePending({ v: 1, tenant, sessionId, since: ENDED_AT });
    await this.archive.createManifest(manifest);
    return { tenant, sessionId };
  }
}
