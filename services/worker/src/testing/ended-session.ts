import { createHash } from 'node:crypto';
import { createSegmenter, encodeWav } from '@earshot/audio';
import {
  type AudioFormat,
  CreateSessionRequest,
  type Gap,
  type Manifest,
  type SegmentEntry,
  type SessionCall,
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

/** A stretch of a call's audio that was stored; what lies between two of them is a gap. */
export interface TestStretch {
  readonly track: 'inbound' | 'outbound';
  readonly firstSample: number;
  readonly samples: Int16Array;
}

const CALL_RATE = 16_000;
const CALL: SessionCall = {
  callId: `call_${'c'.repeat(26)}`,
  lineId: 'lin_desk',
  record: true,
  transcribe: false,
};

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

  /** A call that was to be recorded and, unless told otherwise, not to be transcribed. */
  async call(stretches: readonly TestStretch[], changes: Partial<SessionCall> = {}): Promise<SessionRef> {
    const document = { ...this.#document('stream'), call: { ...CALL, ...changes } };
    const segments: SegmentEntry[] = [];
    for (const { track, firstSample, samples } of stretches) {
      const place = { track, index: segments.length, firstSample };
      const key = keys.segment(document, place);
      const wav = encodeWav(samples, CALL_RATE);
      await this.#store.put(key, wav, { createOnly: true });
      const heard = { cut: 'pause', speechRatio: 1, levelDb: -20, speech: true } as const;
      segments.push({
        ...heard,
        ...place,
        key,
        sampleRate: CALL_RATE,
        samples: samples.length,
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
    const gaps = holesOf(segments);
    const files = uploads.length > 0 ? uploads.map((upload) => upload.name) : segments.map((one) => one.key);
    const manifest: Manifest = {
      v: 1,
      tenant,
      sessionId,
      endedAt: ENDED_AT,
      uploads: [...uploads],
      segments: [...segments],
      gaps,
      coverage: coverageOf(segments, gaps),
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
    const recording = document.call?.record === true ? { recording: true as const } : {};
    await this.archive.writePending({ v: 1, tenant, sessionId, since: ENDED_AT, ...recording });
    await this.archive.createManifest(manifest);
    return { tenant, sessionId };
  }
}

/** What lies before and between the segments of each track. */
function holesOf(segments: readonly SegmentEntry[]): Gap[] {
  const ends = new Map<string, number>();
  return segments.flatMap(({ track, firstSample, samples }) => {
    const from = ends.get(track) ?? 0;
    ends.set(track, firstSample + samples);
    return firstSample > from ? [{ track, from, to: firstSample, reason: 'interrupted' as const }] : [];
  });
}
