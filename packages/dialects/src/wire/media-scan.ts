import { decodeBase64Bytes } from './base64.ts';

/** A media message as the scanner reads it: the fields of `countedMedia`, with the payload decoded. */
export interface ScannedMedia {
  readonly track: string | null;
  readonly chunk: number | null;
  readonly timestampMs: number | null;
  readonly bytes: Uint8Array;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** As many digits as `wholeNumber` takes. */
const MAX_DIGITS = 15;

/** What a member of an object is about; names that do not matter are all 0. */
const NAMES = ['', 'event', 'media', 'track', 'chunk', 'timestamp', 'payload'] as const;
const [EVENT, MEDIA, TRACK, CHUNK, TIMESTAMP, PAYLOAD] = [1, 2, 3, 4, 5, 6] as const;
const NAME_BYTES = NAMES.map((name) => new TextEncoder().encode(name));
const MEDIA_WORD = NAME_BYTES[MEDIA];
const NONE = -1;

/**
 * Reads a media message without building an object of it: flat, ASCII, no escapes, every name once, as all platforms
 * send them. Null for anything else, be it valid or not, which `parseTextMessage` and `countedMedia` then decide; what
 * is given is what these would have given.
 */
export function scanMedia(message: Uint8Array): ScannedMedia | null {
  return new MediaScan(message).read();
}

class MediaScan {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Where the last value began and ended, quotes apart, and whether it was a string. */
  #from = 0;
  #to = 0;
  #isText = false;
  /** Names seen, as bits. */
  #seen = 0;
  #track: string | null = null;
  #chunk = NONE;
  #timestamp = NONE;
  #payload: Uint8Array | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): ScannedMedia | null {
    if (!this.#members(EVENT, MEDIA) || this.#at !== this.#bytes.length) return null;
    if (this.#payload === null || (this.#seen & (1 << EVENT)) === 0) return null;
    return {
      track: this.#track,
      chunk: this.#chunk === NONE ? null : this.#chunk,
      timestampMs: this.#timestamp === NONE ? null : this.#timestamp,
      bytes: this.#payload,
    };
  }

  /** Reads `{"name":value,…}`, of whose names only those from `first` to `last` matter. */
  #members(first: number, last: number): boolean {
    if (!this.#skip(OPEN)) return false;
    do {
      this.#skipSpaces();
      if (!this.#string()) return false;
      const name = this.#nameOf(first, last);
      this.#skipSpaces();
      if (!this.#skip(COLON)) return false;
      this.#skipSpaces();
      if (name !== 0 && (this.#seen & (1 << name)) !== 0) return false;
      this.#seen |= 1 << name;
      if (!this.#value(name)) return false;
      this.#skipSpaces();
    } while (this.#skip(COMMA));
    return this.#skip(CLOSE);
  }

  #value(name: number): boolean {
    if (name === MEDIA) return this.#members(TRACK, PAYLOAD);
    if (!this.#string() && !this.#digits()) return false;
    switch (name) {
      case EVENT:
        return this.#isText && MEDIA_WORD !== undefined && this.#is(MEDIA_WORD);
      case TRACK:
        if (this.#isText) this.#track = this.#text();
        return true;
      case CHUNK:
        this.#chunk = this.#number();
        return this.#chunk !== NONE;
      case TIMESTAMP:
        this.#timestamp = this.#number();
        return this.#timestamp !== NONE;
      case PAYLOAD:
        if (this.#isText) this.#payload = decodeBase64Bytes(this.#bytes, this.#from, this.#to);
        return this.#payload !== null;
      default:
        return true;
    }
  }

  #skip(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #skipSpaces(): void {
    while (this.#bytes[this.#at] === SPACE) this.#at += 1;
  }

  #string(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return false;
    const from = this.#at + 1;
    let at = from;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) break;
      if (byte < SPACE || byte > 0x7e || byte === BACKSLASH) return false;
    }
    if (at === bytes.length) return false;
    this.#from = from;
    this.#to = at;
    this.#at = at + 1;
    this.#isText = true;
    return true;
  }

  /** A JSON number that is nothing but digits. */
  #digits(): boolean {
    const from = this.#at;
    while (isDigit(this.#bytes[this.#at])) this.#at += 1;
    const count = this.#at - from;
    if (count === 0 || (count > 1 && this.#bytes[from] === ZERO)) return false;
    this.#from = from;
    this.#to = this.#at;
    this.#isText = false;
    return true;
  }

  #number(): number {
    const count = this.#to - this.#from;
    if (count === 0 || count > MAX_DIGITS) return NONE;
    let value = 0;
    for (let at = this.#from; at < this.#to; at += 1) {
      const byte = this.#bytes[at];
      if (!isDigit(byte)) return NONE;
      value = value * 10 + byte - ZERO;
    }
    return value;
  }

  #nameOf(first: number, last: number): number {
    for (let name = first; name <= last; name += 1) {
      const word = NAME_BYTES[name];
      if (word !== undefined && this.#is(word)) return name;
    }
    return 0;
  }

  #is(word: Uint8Array): boolean {
    if (this.#to - this.#from !== word.length) return false;
    for (let index = 0; index < word.length; index += 1) {
      if (this.#bytes[this.#from + index] !== word[index]) return false;
    }
    return true;
  }

  #text(): string {
    let text = '';
    for (let at = this.#from; at < this.#to; at += 1) text += String.fromCharCode(this.#bytes[at] ?? 0);
    return text;
  }
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
