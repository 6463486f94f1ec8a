import { type CallMedia, MediaClosedError } from '@earshot/client';
import { LIMITS } from '@earshot/protocol';
import { pcm16Samples } from '../../../audio/sample-scale.ts';
import { onInterrupt } from '../../../terminal/interrupt.ts';
import type { Setting } from '../../setting.ts';
import { chosenCall, type LineOptions, whenActive } from '../chosen-call.ts';
import { openSink, type Sink } from './sink.ts';

export interface ListenOptions extends LineOptions {
  readonly out?: string;
  readonly raw?: boolean;
  readonly seconds?: number;
}

/** Writes what the peer says, until the call ends, so many seconds are there, or the user interrupts. */
export async function listenToCall(setting: Setting, id: string, options: ListenOptions): Promise<void> {
  const chosen = await chosenCall(setting, id, options);
  const { callId } = await whenActive(chosen);
  const sink = await openSink(setting, options, `${callId}.wav`);
  const most = (options.seconds ?? Number.POSITIVE_INFINITY) * LIMITS.callSampleRate;
  const heard = new Heard(sink, most);
  try {
    const media = await chosen.client.openMedia(
      { ...chosen.name, mode: 'listen' },
      {
        onAudio: (samples) => heard.take(pcm16Samples(samples)),
        // Missing audio is silence, so that what follows stays where it belongs in time.
        onEvent: (event) => event.type === 'gap' && heard.miss(event.samples),
      },
    );
    await lastOf(media, heard);
  } finally {
    await heard.written().finally(() => sink.finish());
  }
  const seconds = (heard.samples / LIMITS.callSampleRate).toFixed(2);
  const missed = heard.missed === 0 ? '' : `, ${heard.missed} samples of them missed and silent`;
  setting.stderr.write(`${seconds} s${missed}${sink.name === undefined ? '' : ` in ${sink.name}`}\n`);
}

/** Resolves when there is nothing more to hear; rejects when the socket broke. */
async function lastOf(media: CallMedia, heard: Heard): Promise<void> {
  const release = onInterrupt(() => media.close());
  void heard.full.then(() => media.close());
  const end = await media.ended.finally(release);
  if (!end.callEnded && end.code !== 1000) throw new MediaClosedError(end);
}

/** Audio on its way into a sink, in order and up to a number of samples. */
class Heard {
  samples = 0;
  missed = 0;
  /** Resolves when there is enough, or the sink takes no more. */
  readonly full: Promise<void>;
  readonly #sink: Sink;
  readonly #most: number;
  #fill: () => void = () => undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(sink: Sink, most: number) {
    this.#sink = sink;
    this.#most = most;
    this.full = new Promise((resolve) => {
      this.#fill = resolve;
    });
  }

  take(samples: Int16Array): void {
    const wanted = samples.subarray(0, this.#most - this.samples);
    this.samples += wanted.length;
    this.#tail = this.#tail.then(() => this.#sink.write(wanted));
    this.#tail.catch(() => this.#fill());
    if (this.samples >= this.#most) this.#fill();
  }

  miss(samples: number): void {
    this.missed += samples;
    this.take(new Int16Array(samples));
  }

  /** Rejects with what the sink could not do. */
  written(): Promise<void> {
    return this.#tail;
  }
}
