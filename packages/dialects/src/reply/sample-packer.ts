/** Cuts samples into packets of one length, however they come. */
export class SamplePacker {
  readonly #packetSamples: number;
  #rest: Int16Array = new Int16Array(0);

  constructor(packetSamples: number) {
    this.#packetSamples = packetSamples;
  }

  /** All packets that are full by now; copies. */
  push(samples: Int16Array): Int16Array[] {
    const waiting = new Int16Array(this.#rest.length + samples.length);
    waiting.set(this.#rest);
    waiting.set(samples, this.#rest.length);
    const packets: Int16Array[] = [];
    let at = 0;
    for (; at + this.#packetSamples <= waiting.length; at += this.#packetSamples) {
      packets.push(waiting.slice(at, at + this.#packetSamples));
    }
    this.#rest = waiting.slice(at);
    return packets;
  }

  /** What waits, if anything: as it is, or filled up with silence to a whole packet. */
  flush({ padded }: { readonly padded: boolean }): Int16Array[] {
    const rest = this.#rest;
    this.drop();
    if (rest.length === 0) return [];
    if (!padded) return [rest];
    const packet = new Int16Array(this.#packetSamples);
    packet.set(rest);
    return [packet];
  }

  drop(): void {
    this.#rest = new Int16Array(0);
  }
}
