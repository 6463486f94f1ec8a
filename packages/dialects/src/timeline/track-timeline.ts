import type { TrackName } from '@earshot/protocol';
import { blockBytes, type StreamFormat } from '../model/format.ts';
import { BlockAligner } from './block-aligner.ts';
import { holeSamples } from './hole.ts';
import { type Arrival, type Numbering, type Placed, ReorderWindow } from './reorder-window.ts';

/** One frame of one track as it came; `timestampMs` by the sender's clock. */
export interface TrackFrame {
  readonly chunk: number | null;
  readonly timestampMs: number | null;
  readonly bytes: Uint8Array;
}

/** What follows on a track: a hole of so many samples (0 if none), then whole samples as bytes. */
export interface TrackPiece {
  readonly holeSamples: number;
  readonly bytes: Uint8Array;
  readonly timestampMs: number | null;
}

/**
 * One track: puts its frames in order, measures holes, and cuts at whole samples. Whether frames are numbered is
 * settled by the first one.
 */
export class TrackTimeline {
  readonly track: TrackName;
  readonly #format: StreamFormat;
  readonly #numbering: Numbering;
  readonly #blockBytes: number;
  readonly #aligner: BlockAligner;
  readonly #placed: Placed<TrackFrame>[] = [];
  #window: ReorderWindow<TrackFrame>;
  #numbered: boolean | null = null;
  /** Of the frame that was placed last; its bytes are not kept, for they may be part of something larger. */
  #last: { timestampMs: number | null; bytes: number } | null = null;
  #frameBytes = 0;
  #droppedBytes = 0;

  constructor(track: TrackName, format: StreamFormat, numbering: Numbering) {
    this.track = track;
    this.#format = format;
    this.#blockBytes = blockBytes(format);
    this.#aligner = new BlockAligner(this.#blockBytes);
    this.#numbering = numbering;
    this.#window = new ReorderWindow(numbering);
  }

  /** Takes a frame; `unnumbered` tells that it lacks the number that its track counts by, and was not taken. */
  take(frame: TrackFrame, pieces: TrackPiece[]): Arrival | 'unnumbered' {
    this.#numbered ??= frame.chunk !== null;
    if (!this.#numbered) {
      this.#place({ item: frame, missing: 0 }, pieces);
      return 'in_order';
    }
    if (frame.chunk === null) return 'unnumbered';
    const arrival = this.#window.push(frame.chunk, frame, this.#placed);
    this.#placeAll(pieces);
    return arrival;
  }

  /** Gives all that is held, and gives up what is missing and any unfinished sample. */
  flush(pieces: TrackPiece[]): void {
    this.#window.flush(this.#placed);
    this.#placeAll(pieces);
    this.#droppedBytes += this.#aligner.drop();
  }

  /** The sender starts counting anew; call after a flush. */
  restart(): void {
    this.#window = new ReorderWindow(this.#numbering);
    this.#numbered = null;
    this.#last = null;
  }

  /** A frame of about so many bytes came but could not be read: whole samples that are lost. */
  lose(bytes: number): number {
    this.#droppedBytes += this.#aligner.drop();
    return Math.floor(bytes / this.#blockBytes);
  }

  /** Bytes of unfinished samples given up since the last call. */
  takeDroppedBytes(): number {
    const dropped = this.#droppedBytes;
    this.#droppedBytes = 0;
    return dropped;
  }

  #placeAll(pieces: TrackPiece[]): void {
    for (const placed of this.#placed) this.#place(placed, pieces);
    while (this.#placed.length > 0) this.#placed.pop();
  }

  #place(placed: Placed<TrackFrame>, pieces: TrackPiece[]): void {
    const { item, missing } = placed;
    if (missing > 0) this.#droppedBytes += this.#aligner.drop();
    const hole = missing > 0 ? this.#measure(missing, item) : 0;
    const bytes = this.#aligner.align(item.bytes);
    this.#last ??= { timestampMs: null, bytes: 0 };
    this.#last.timestampMs = item.timestampMs;
    this.#last.bytes = item.bytes.length;
    if (item.bytes.length > 0) this.#frameBytes = item.bytes.length;
    if (hole > 0 || bytes.length > 0) {
      pieces.push({ holeSamples: hole, bytes, timestampMs: item.timestampMs });
    }
  }

  #measure(frames: number, after: TrackFrame): number {
    const before = this.#last;
    const { sampleRate } = this.#format;
    const frameSamples = (this.#frameBytes || after.bytes.length) / this.#blockBytes;
    const from = before?.timestampMs ?? null;
    const elapsedSamples =
      before === null || from === null || after.timestampMs === null
        ? null
        : ((after.timestampMs - from) * sampleRate) / 1000 - before.bytes / this.#blockBytes;
    return holeSamples({ frames, frameSamples, elapsedSamples, sampleRate });
  }
}
