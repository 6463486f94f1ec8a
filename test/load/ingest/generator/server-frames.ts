/** What a stream hears of its server. */
export interface ServerVoice {
  text(message: string): void;
  ping(data: Buffer): void;
}

const TEXT = 1;
const PING = 9;

/** Reads the unmasked, unfragmented frames of a server out of the bytes of its socket, however they are split. */
export class ServerFrames {
  readonly #voice: ServerVoice;
  #rest: Buffer = Buffer.alloc(0);

  constructor(voice: ServerVoice) {
    this.#voice = voice;
  }

  push(bytes: Buffer): void {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const size = frameSize(data);
      if (size === undefined || size.head + size.payload > data.length) break;
      this.#take((data[0] ?? 0) & 0x0f, data.subarray(size.head, size.head + size.payload));
      data = data.subarray(size.head + size.payload);
    }
    this.#rest = data;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.#voice.text(payload.toString('latin1'));
    else if (opcode === PING) this.#voice.ping(payload);
  }
}

function frameSize(data: Buffer): { head: number; payload: number } | undefined {
  const [, length] = data;
  if (length === undefined) return undefined;
  if (length < 126) return { head: 2, payload: length };
  if (length === 126) return data.length < 4 ? undefined : { head: 4, payload: data.readUInt16BE(2) };
  return data.length < 10 ? undefined : { head: 10, payload: Number(data.readBigUInt64BE(2)) };
}
