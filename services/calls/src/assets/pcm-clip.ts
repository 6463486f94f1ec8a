import type { Clip } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';

/** Reads bytes [start, end) of PCM16LE; fewer only at the end of what there is. */
type ReadPcm = (start: number, end: number) => Promise<Uint8Array>;

export interface PcmSource {
  readonly samples: number;
  readonly read: ReadPcm;
  /** Lets go of what is behind `read`; called once, when no read is under way. */
  readonly release: () => Promise<void>;
}

/** The first piece is small, as a clip may wait behind others for long; then a second at a time, up to three ahead. */
const FIRST_SAMPLES = LIMITS.callSampleRate / 4;
const PIECE_SAMPLES = LIMITS.callSampleRate;
const AHEAD_SAMPLES = 3 * PIECE_SAMPLES;
const ATTEMPTS = 3;

/** A clip over ranged reads: its memory is bounded whatever its length, and `next` never waits. */
class PcmClip implements Clip {
  readonly playId: string;
  readonly #source: PcmSource;
  readonly #onFailure: (error: unknown) => void;
  readonly #pieces: Int16Array[] = [];
  #held = 0;
  /** Samples that were asked for and arrived. */
  #read = 0;
  #closed = false;
  #filling: Promise<void> | null = null;

  constructor(playId: string, source: PcmSource, onFailure: (error: unknown) => void) {
    this.playId = playId;
    this.#source = source;
    this.#onFailure = onFailure;
  }

  /** Holds the first samples ready. Rejects when they cannot be read; the source is let go then. */
  async prime(): Promise<void> {
    try {
      await this.#readPiece(FIRST_SAMPLES);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  next(count: number): Int16Array | null {
    if (this.#closed || (this.#held === 0 && this.#read >= this.#source.samples)) return null;
    const out = this.#take(Math.min(count, this.#held));
    if (this.#held < AHEAD_SAMPLES - PIECE_SAMPLES) this.#fill();
    return out;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pieces.length = 0;
    this.#held = 0;
    const release = async (): Promise<void> => {
      await this.#filling;
      await this.#source.release();
    };
    release().catch(this.#onFailure);
  }

  #take(count: number): Int16Array {
    const out = new Int16Array(count);
    for (let filled = 0; filled < count; ) {
      const [piece = out] = this.#pieces;
      const part = piece.subarray(0, count - filled);
      out.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    this.#held -= count;
    return out;
  }

  #fill(): void {
    if (this.#filling !== null || this.#read >= this.#source.samples) return;
    this.#filling = this.#readAhead().finally(() => {
      this.#filling = null;
    });
  }

  async #readAhead(): Promise<void> {
    try {
      while (
        !this.#closed &&
        this.#read < this.#source.samples &&
        this.#held <= AHEAD_SAMPLES - PIECE_SAMPLES
      ) {
        await this.#readPiece(PIECE_SAMPLES);
      }
    } catch (error) {
      // What cannot be read cannot be heard: the clip ends where it stands.
      this.#onFailure(error);
      this.close();
    }
  }

  async #readPiece(samples: number): Promise<void> {
    const start = this.#read * 2;
    const end = Math.min(this.#read + samples, this.#source.samples) * 2;
    const bytes = await this.#readPersistently(start, end);
    if (this.#closed) return;
    if (bytes.length !== end - start) throw new Error('the stored audio is shorter than its record says');
    // A copy of its own: the reader's buffer may be shared, or start at an odd byte.
    const piece = new Int16Array(bytes.slice().buffer);
    this.#read += piece.length;
    this.#held += piece.length;
    this.#pieces.push(piece);
  }

  async #readPersistently(start: number, end: number): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#source.read(start, end);
      } catch (error) {
        if (attempt >= ATTEMPTS || this.#closed) throw error;
      }
    }
  }
}

/** Opens a clip whose first samples are ready. */
export async function openPcmClip(
  playId: string,
  source: PcmSource,
  onFailure: (error: unknown) => void,
): Promise<Clip> {
  const clip = new PcmClip(playId, source, onFailure);
  await clip.prime();
  return clip;
}
