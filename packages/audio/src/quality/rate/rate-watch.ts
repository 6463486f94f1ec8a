import { int16At } from '../../elements.ts';
import type { Verdict } from '../alarm.ts';
import type { Texture } from '../texture.ts';
import { Tempo } from './tempo.ts';
import { pitchOf } from './voice-pitch.ts';

/** Labels below this cannot hide 8 kHz. */
const LEAST_RATE = 16_000;
/** Probes within 15 dB of the loudest are listened to, and none below an RMS of 200. */
const LOUD_PART = 10 ** -1.5;
const LEAST_POWER = 200 ** 2;
/** Voiced probes and stretches of tempo from which there is a verdict, and voiced probes after which it is final. */
const LEAST_VOICED = 20;
const LEAST_STRETCHES = 6;
const MOST_VOICED = 60;
const MOST_LOUD = 200;
/** Least part of loud probes that a voice is in. */
const VOICED_PART = 0.35;
/** What each figure of a voice played at double speed reaches: tempo and pitch in Hz, bass as a part of the power. */
const LEAST_TEMPO = 4.5;
const LEAST_PITCH = 140;
const MOST_BASS = 0.2;
/** Part of the time that speech leaves empty between its syllables and phrases; plucked or sustained notes do not. */
const LEAST_GAPS = 0.12;
/** Tempo x pitch / bass. Voices at their true speed reach 70, telephone speech at double speed starts at 260. */
const LEAST_INDEX = 135;
/** Bass is what is left below 500 Hz when samples are summed up over a millisecond. */
const BASS_SUMS_PER_SECOND = 1000;

/**
 * Finds 8 kHz speech that is labelled 16 kHz or more: everything is twice as fast, and so tempo and pitch are high
 * and a voice has next to no power below 500 Hz, since the 300 Hz at which telephones begin have become 600. Each
 * of these alone happens in true speech; their product separates. Narrow-band speech that was resampled passes, since
 * it plays at its true speed. The rate of a track does not change, so a minute of voice decides.
 */
export class RateWatch {
  readonly #sampleRate: number;
  readonly #tempo: Tempo;
  readonly #pitches: number[] = [];
  #loudest = 0;
  #loud = 0;
  #bass = 0;
  #verdict: Verdict;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#tempo = new Tempo(sampleRate);
  }

  /** Whether nothing that comes can change the verdict. */
  get isDone(): boolean {
    const heard = this.#pitches.length >= MOST_VOICED || this.#loud >= MOST_LOUD;
    return this.#sampleRate < LEAST_RATE || heard || this.#verdict !== undefined;
  }

  /** Takes all samples, as long as it is not done. */
  push(samples: Int16Array): void {
    this.#tempo.push(samples);
  }

  /** Takes a probe of the samples and its texture. */
  pushProbe(probe: Int16Array, texture: Texture): Verdict {
    if (this.isDone) return this.#verdict;
    this.#loudest = Math.max(this.#loudest, texture.power);
    if (texture.power < Math.max(LEAST_POWER, LOUD_PART * this.#loudest)) return undefined;
    this.#loud += 1;
    const pitch = pitchOf(probe, this.#sampleRate);
    if (pitch !== undefined) {
      this.#pitches.push(pitch);
      this.#bass += bassOf(probe, Math.round(this.#sampleRate / BASS_SUMS_PER_SECOND)) / texture.power;
    }
    this.#verdict = this.#judge();
    return this.#verdict;
  }

  #judge(): Verdict {
    const voiced = this.#pitches.length;
    const isEnough = voiced >= LEAST_VOICED && this.#tempo.stretches >= LEAST_STRETCHES;
    const isSpeech = voiced >= VOICED_PART * this.#loud && this.#tempo.gapShare >= LEAST_GAPS;
    if (!isEnough || !isSpeech) return undefined;
    const tempo = this.#tempo.hertz;
    const pitch = this.#pitches.toSorted((one, other) => one - other)[voiced >> 1] ?? 0;
    const bass = this.#bass / voiced;
    if (tempo < LEAST_TEMPO || pitch < LEAST_PITCH || bass > MOST_BASS) return undefined;
    if (tempo * pitch < LEAST_INDEX * 100 * bass) return undefined;
    return {
      message: `The audio plays at about double speed: is it 8 kHz audio labelled ${this.#sampleRate} Hz?`,
      details: {
        tempo_hz: Number(tempo.toFixed(1)),
        pitch_hz: Math.round(pitch),
        bass_share: Number(bass.toFixed(3)),
      },
    };
  }
}

/** Power of a probe below half a cycle in so many samples, a mean square. */
function bassOf(probe: Int16Array, size: number): number {
  let squares = 0;
  let sum = 0;
  const end = probe.length - (probe.length % size);
  for (let index = 0; index < end; index += 1) {
    sum += int16At(probe, index);
    if (index % size === size - 1) {
      squares += sum * sum;
      sum = 0;
    }
  }
  return squares / size / Math.max(1, end);
}
