import { createResampler, type Resampler } from '@earshot/audio';
import type { AudioFrame, GapEvent } from '@earshot/dialects';
import { LIMITS } from '@earshot/protocol';
import type { CallHandle } from '../../../ports.ts';

type Listener = Pick<CallHandle, 'audio' | 'lost' | 'warning'>;

/**
 * Leads what the peer says to its call, at the rate of calls. Only the peer is heard: what a platform streams of the
 * other side (track `outbound`) is what was said to the peer, by us or by somebody else, and is left out.
 */
export class PeerAudio {
  readonly #sampleRate: number;
  readonly #resampler: Resampler;
  readonly #call: Listener;
  #hasWarned = false;

  constructor(sampleRate: number, call: Listener) {
    this.#sampleRate = sampleRate;
    this.#resampler = createResampler(sampleRate, LIMITS.callSampleRate);
    this.#call = call;
  }

  audio(frame: AudioFrame): void {
    if (frame.track === 'outbound') this.#leaveOut();
    else this.#tell(this.#resampler.push(frame.samples));
  }

  /** Samples that never came; what came before them is complete then. */
  gap(gap: GapEvent): void {
    if (gap.track === 'outbound') return;
    this.#tell(this.#resampler.flush());
    this.#call.lost(Math.round((gap.samples * LIMITS.callSampleRate) / this.#sampleRate));
  }

  /** Nothing more comes: gives what the resampler still holds. */
  end(): void {
    this.#tell(this.#resampler.flush());
  }

  #tell(samples: Int16Array): void {
    if (samples.length > 0) this.#call.audio(samples);
  }

  #leaveOut(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#call.warning(
      'outbound_track_ignored',
      'The stream also brings what the peer hears; it is left out.',
    );
  }
}
