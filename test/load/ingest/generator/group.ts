import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { LoadStream } from './stream.ts';
import { type Wire, type WireName, wireOf } from './wire.ts';

/** What a group of streams did while it ran. */
export interface RunResult {
  readonly frames: number;
  /** How much later than planned frames were sent, p99, ms: the generator's own doing. */
  readonly lateMs: readonly number[];
  /** From sending to durable ack, ms; a part of them when there are very many. */
  readonly latencies: readonly number[];
}

/** What a group sent so far, and what of it is known to be durable. */
export interface GroupTotals {
  readonly streams: number;
  readonly open: number;
  readonly frames: number;
  readonly bytes: number;
  /** Frames that no durable ack covers; all of them where the wire has no acks. */
  readonly unackedFrames: number;
}

const OPEN_AT_ONCE = 16;
const MAX_TOLD = 20_000;
/** A stream that has so much waiting is not flooded further, bytes. */
const FULL = 262_144;

/** Streams to one server that are fed by the same clock. */
export class StreamGroup {
  readonly #wire: Wire;
  readonly #port: number;
  readonly #streams: LoadStream[] = [];
  readonly #latencies: number[] = [];

  constructor(wire: WireName, port: number) {
    this.#wire = wireOf(wire);
    this.#port = port;
  }

  async open(paths: readonly string[]): Promise<void> {
    for (let from = 0; from < paths.length; from += OPEN_AT_ONCE) {
      const some = paths.slice(from, from + OPEN_AT_ONCE);
      const opened = some.map((path) =>
        LoadStream.open(this.#wire, { port: this.#port, path }, this.#latencies),
      );
      this.#streams.push(...(await Promise.all(opened)));
    }
  }

  /** Sends faster than real time: the last stream `seconds` of audio, the others less, so that they are out of step. */
  async feed(seconds: number, from: number): Promise<void> {
    const frames = (seconds * 1000) / this.#wire.frameMs;
    const streams = this.#streams.slice(from);
    const wanted = streams.map((_, index) => Math.round((frames * (index + 1)) / streams.length));
    for (let busy = true; busy; ) {
      busy = false;
      for (const [index, stream] of streams.entries()) {
        if (!stream.isOpen || stream.frames >= (wanted[index] ?? 0)) continue;
        busy = true;
        if (stream.waiting < FULL) stream.send();
      }
      await turn();
    }
  }

  /** As many frames as go out in the time; resolves to their number. */
  async flood(ms: number): Promise<number> {
    const before = this.totals().frames;
    const until = performance.now() + ms;
    while (performance.now() < until) {
      for (const stream of this.#streams) if (stream.waiting < FULL) stream.send();
      await turn();
    }
    return this.totals().frames - before;
  }

  /** Sends in real time, with the beats of the streams spread evenly over a frame's time. */
  async run(ms: number): Promise<RunResult> {
    const { frameMs } = this.#wire;
    const beats = Array.from({ length: frameMs }, (_, beat) =>
      this.#streams.filter((_stream, index) => Math.floor((index * frameMs) / this.#streams.length) === beat),
    );
    this.#latencies.length = 0;
    const lateMs: number[] = [];
    const before = this.totals().frames;
    const began = performance.now();
    for (let beat = 0; beat < ms; beat += 1) {
      const wait = began + beat - performance.now();
      if (wait > 0) await sleep(wait);
      else if (beat % 4 === 0) await turn();
      const due = beats[beat % frameMs] ?? [];
      for (const stream of due) stream.send();
      if (due.length > 0) lateMs.push(Math.max(0, performance.now() - began - beat));
    }
    return {
      frames: this.totals().frames - before,
      lateMs: thinned(lateMs),
      latencies: thinned(this.#latencies),
    };
  }

  totals(): GroupTotals {
    const { samplesPerFrame } = this.#wire;
    const total = { streams: this.#streams.length, open: 0, frames: 0, bytes: 0, unackedFrames: 0 };
    for (const stream of this.#streams) {
      total.open += stream.isOpen ? 1 : 0;
      total.frames += stream.frames;
      total.bytes += stream.bytes;
      total.unackedFrames += stream.frames - Math.floor(stream.durable / samplesPerFrame);
    }
    return total;
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}

function thinned(values: readonly number[]): number[] {
  const step = Math.ceil(values.length / MAX_TOLD);
  return values.filter((_, index) => index % step === 0);
}
