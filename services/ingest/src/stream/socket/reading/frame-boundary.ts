/** RFC 6455 section 5.2: the longest head of a frame is 2 bytes, 8 of a length and 4 of a mask. */
const MAX_HEAD_BYTES = 14;
const CLOSE = 8;
const MASKED = 0x80;
/** First bytes of frames whose bytes can break no rule but that of their length: binary messages, pings and pongs. */
const HARMLESS: ReadonlySet<number> = new Set([0x82, 0x89, 0x8a]);
const MAX_CONTROL_BYTES = 125;
const LENGTH_64 = 127;

/** Follows the frames of a client through bytes that somebody else reads (RFC 6455 section 5.2). */
export class FrameBoundary {
  readonly #head = new Uint8Array(MAX_HEAD_BYTES);
  #headBytes = 0;
  #payloadLeft = 0;
  #inPayload = false;
  #inMessage = false;
  #isClosed = false;
  #isDoubtful = false;

  /**
   * True between two messages: what comes next is a frame's first byte, no fragment is waited for, and no frame has
   * passed in this chunk that its reader may have refused, which it says behind the chunk.
   */
  get isClean(): boolean {
    return this.#headBytes === 0 && !this.#inMessage && !this.#isClosed && !this.#isDoubtful;
  }

  /** A new chunk: what was wrong with the one before is known by now. */
  beginChunk(): void {
    this.#isDoubtful = false;
  }

  /** A close frame has passed: nothing behind it counts. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Passes a frame, or as much of one as there is, and tells the index behind it. */
  pass(bytes: Uint8Array, from: number): number {
    let at = from;
    for (; !this.#inPayload && at < bytes.length; at += 1) this.#takeHead(bytes[at] ?? 0);
    if (!this.#inPayload) return at;
    const step = Math.min(this.#payloadLeft, bytes.length - at);
    this.#payloadLeft -= step;
    if (this.#payloadLeft === 0) this.#endFrame();
    return at + step;
  }

  #takeHead(byte: number): void {
    this.#head[this.#headBytes] = byte;
    this.#headBytes += 1;
    const lengthCode = (this.#head[1] ?? 0) & 0x7f;
    const lengthBytes = lengthCode === LENGTH_64 ? 8 : lengthCode === 126 ? 2 : 0;
    const maskBytes = (this.#head[1] ?? 0) & MASKED ? 4 : 0;
    if (this.#headBytes < 2 || this.#headBytes < 2 + lengthBytes + maskBytes) return;
    this.#inPayload = true;
    this.#payloadLeft = lengthBytes === 0 ? lengthCode : this.#length(lengthBytes);
  }

  #length(bytes: number): number {
    let length = 0;
    for (let index = 2; index < 2 + bytes; index += 1) length = length * 256 + (this.#head[index] ?? 0);
    return length;
  }

  #endFrame(): void {
    const first = this.#head[0] ?? 0;
    const opcode = first & 0x0f;
    if (!this.#isHarmless(first)) this.#isDoubtful = true;
    if (opcode < CLOSE) this.#inMessage = (first & 0x80) === 0;
    if (opcode === CLOSE) this.#isClosed = true;
    this.#headBytes = 0;
    this.#inPayload = false;
  }

  #isHarmless(first: number): boolean {
    const second = this.#head[1] ?? 0;
    const length = second & ~MASKED;
    if (this.#inMessage || (second & MASKED) === 0 || !HARMLESS.has(first)) return false;
    return first === 0x82 ? length !== LENGTH_64 : length <= MAX_CONTROL_BYTES;
  }
}
