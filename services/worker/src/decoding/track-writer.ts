import { createHash } from 'node:crypto';
import { type CutSegment, createSegmenter, encodeWav, type SegmenterOptions } from '@earshot/audio';
import type { SegmentEntry, SessionRef } from '@earshot/protocol';
import { keys, type ObjectStore, verifyObject } from '@earshot/storage';

/** Uploaded files form one voice. */
export const UPLOAD_TRACK = 'main';

export interface TrackWriterOptions {
  readonly store: Pick<ObjectStore, 'put' | 'read'>;
  readonly ref: SessionRef;
  readonly cut: Omit<SegmenterOptions, 'sampleRate'>;
}

/** Cuts decoded samples into segments and stores each as it is cut; holds one segment at most. */
export class TrackWriter {
  readonly #options: TrackWriterOptions;
  readonly #sampleRate: number;
  readonly #segmenter: ReturnType<typeof createSegmenter>;
  readonly #entries: SegmentEntry[] = [];

  constructor(options: TrackWriterOptions, sampleRate: number) {
    this.#options = options;
    this.#sampleRate = sampleRate;
    this.#segmenter = createSegmenter({ ...options.cut, sampleRate });
  }

  /** Samples taken so far. */
  get position(): number {
    return this.#segmenter.position;
  }

  async push(samples: Int16Array): Promise<void> {
    for (const cut of this.#segmenter.push(samples)) await this.#store(cut);
  }

  /** Stores what is left and gives all segments of the track. */
  async end(): Promise<readonly SegmentEntry[]> {
    const rest = this.#segmenter.flush();
    if (rest !== undefined) await this.#store(rest);
    return this.#entries;
  }

  async #store(cut: CutSegment): Promise<void> {
    const { store, ref } = this.#options;
    const wav = encodeWav(cut.samples, this.#sampleRate);
    const place = { track: UPLOAD_TRACK, index: this.#entries.length, firstSample: cut.firstSample } as const;
    const entry: SegmentEntry = {
      ...place,
      key: keys.segment(ref, place),
      sampleRate: this.#sampleRate,
      samples: cut.samples.length,
      sha256: createHash('sha256').update(wav).digest('hex'),
      cut: cut.cut,
      speechRatio: cut.speechRatio,
      levelDb: cut.levelDb,
      speech: cut.speech,
    };
    await putSegment(store, entry, wav);
    this.#entries.push(entry);
  }
}

/**
 * An earlier run's equal segment is kept. A different one (another decoder version, and no decoded.json that
 * lists it yet) is replaced.
 */
async function putSegment(
  store: TrackWriterOptions['store'],
  entry: SegmentEntry,
  wav: Uint8Array,
): Promise<void> {
  const { sha256 } = entry;
  const options = { sha256, contentType: 'audio/wav' };
  if ((await store.put(entry.key, wav, { ...options, createOnly: true })) === 'created') return;
  if (await verifyObject(store, entry.key, { bytes: wav.length, sha256 })) return;
  await store.put(entry.key, wav, options);
}
