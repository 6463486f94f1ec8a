import { hasCode, writeWhole } from '../disk/whole.ts';
import type { DiskFile, JournalDisk } from '../disk.ts';

const NAME = 'reserve';
const STEP_BYTES = 1_048_576;

/** A file of zeros that holds room on the disk, so that there is some when everything else is used up. */
export class Reserve {
  readonly #disk: JournalDisk;
  readonly #bytes: number;
  #held = false;
  #busy = false;

  constructor(disk: JournalDisk, bytes: number) {
    this.#disk = disk;
    this.#bytes = bytes;
  }

  /** Makes sure that it is there in full; false, and nothing left behind, when the disk has no room for it. */
  async make(): Promise<boolean> {
    if (this.#held || this.#bytes === 0) return true;
    if (this.#busy) return false;
    this.#busy = true;
    try {
      this.#held = await this.#write();
      return this.#held;
    } finally {
      this.#busy = false;
    }
  }

  /** Gives the room back; false when there was none to give. */
  async giveUp(): Promise<boolean> {
    if (!this.#held) return false;
    this.#held = false;
    return this.#remove();
  }

  async #write(): Promise<boolean> {
    if (await this.#isThere()) return true;
    await this.#remove();
    let file: DiskFile | undefined;
    let whole = false;
    try {
      file = await this.#disk.create(NAME);
      const zeros = new Uint8Array(Math.min(STEP_BYTES, this.#bytes));
      for (let at = 0; at < this.#bytes; at += zeros.length) {
        const piece = zeros.subarray(0, Math.min(zeros.length, this.#bytes - at));
        await writeWhole(file, piece, { at, progress: 0 });
      }
      await file.sync();
      whole = true;
    } catch {
      whole = false;
    }
    await file?.close().catch(() => undefined);
    if (!whole) await this.#remove();
    return whole;
  }

  async #isThere(): Promise<boolean> {
    const files = await this.#disk.list().catch(() => []);
    return files.some(({ name, bytes }) => name === NAME && bytes >= this.#bytes);
  }

  async #remove(): Promise<boolean> {
    try {
      await this.#disk.remove(NAME);
      return true;
    } catch (error) {
      return hasCode(error, 'ENOENT');
    }
  }
}
