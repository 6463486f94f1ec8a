import { createCutter, createFiveBandDetector, createSegmenter } from '@earshot/audio';
import { median } from '../../calls/report/statistics.ts';
import { SAMPLE_RATE } from '../sound/signal.ts';

/** What the chunk stage costs, CPU microseconds a second of one stream; medians of windows that take turns. */
export interface StageCost {
  readonly streams: number;
  readonly detectorUs: number;
  readonly cutterUs: number;
  readonly segmenterUs: number;
  /** Medians of the ratios to the detector of the same window. */
  readonly cutterRatio: number;
  readonly segmenterRatio: number;
}

const MESSAGE_SAMPLES = SAMPLE_RATE / 10;
const WINDOW_SECONDS = 4;
/** So many seconds are pushed first, so that the streams are amid their segments. */
const LEAD_SECONDS = 12;

/** One way to take a message of a stream. */
type Take = (message: Int16Array) => unknown;

/** All streams advance together, a message of 100 ms each, as on a server. */
class Streams {
  readonly #takes: readonly Take[];
  readonly #audio: Int16Array;
  #position = 0;

  constructor(count: number, audio: Int16Array, open: () => Take) {
    this.#takes = Array.from({ length: count }, open);
    this.#audio = audio;
  }

  /** Lets seconds pass and gives the CPU microseconds per second of a stream. */
  advance(seconds: number): number {
    const before = process.cpuUsage();
    for (const end = this.#position + seconds * SAMPLE_RATE; this.#position < end; ) {
      for (const [stream, take] of this.#takes.entries()) {
        const place =
          (this.#position + stream * 7 * MESSAGE_SAMPLES) % (this.#audio.length - MESSAGE_SAMPLES);
        take(this.#audio.subarray(place, place + MESSAGE_SAMPLES));
      }
      this.#position += MESSAGE_SAMPLES;
    }
    const used = process.cpuUsage(before);
    return (used.user + used.system) / (this.#takes.length * seconds);
  }
}

function detectorTake(): Take {
  const detector = createFiveBandDetector(SAMPLE_RATE);
  return (message) => {
    for (let start = 0; start < message.length; start += detector.frameSamples) {
      // Read in place, as the cutter does: neither copies nor views, which the detector does not need.
      detector.pushFrom?.(message, start);
    }
  };
}

/** Times detector, cutter (what a live stream has) and segmenter (with the audio kept) beside each other. */
export function measureStage(audio: Int16Array, options: { streams: number; windows: number }): StageCost {
  const kinds = [
    detectorTake,
    (): Take => {
      const cutter = createCutter({ sampleRate: SAMPLE_RATE });
      return (message) => cutter.push(message);
    },
    (): Take => {
      const segmenter = createSegmenter({ sampleRate: SAMPLE_RATE });
      return (message) => segmenter.push(message);
    },
  ];
  const windows = Array.from({ length: options.windows }, () =>
    kinds.map((open) => {
      // New ones each time, so that nobody pays for looking through the streams of others when memory is freed.
      const streams = new Streams(options.streams, audio, open);
      streams.advance(LEAD_SECONDS);
      return streams.advance(WINDOW_SECONDS);
    }),
  );
  const middle = (of: (window: readonly number[]) => number): number => median(windows.map(of));
  return {
    streams: options.streams,
    detectorUs: middle(([detector]) => detector!),
    cutterUs: middle(([, cutter]) => cutter!),
    segmenterUs: middle(([, , segmenter]) => segmenter!),
    cutterRatio: middle(([detector, cutter]) => cutter! / detector!),
    segmenterRatio: middle(([detector, , segmenter]) => segmenter! / detector!),
  };
}
