import { decodeAlaw, decodeMulaw } from '../../codecs/g711.ts';
import type { Verdict } from '../alarm.ts';
import { type Texture, textureOf } from '../texture.ts';

const SUSPECTS = ['mulaw', 'alaw', 'byte_order'] as const;
type Suspect = (typeof SUSPECTS)[number];

/** Wrong readings are loud: an RMS below this tells nothing. */
const LEAST_POWER = 3000 ** 2;
/** Sound that is smoother than this as it is was read right. */
const SMOOTH = 0.15;
/** Another reading is taken for the right one if it is this smooth, and so much smoother than the sound as it is. */
const SMOOTH_OTHERWISE = 1;
const SMOOTHER = 0.6;
/** Once so many loud probes looked right in a row, one in so many is looked at, since senders hardly change. */
const TRUSTED = 24;
const SELDOM = 8;
/** Part of the samples that differ from each other in all but the purest tones, which look smooth in strange ways. */
const LEAST_DISTINCT = 0.25;
/** Loud probes that are judged together, how many of them have to agree, and how few mean that it is over. */
const PROBES = 12;
const AGREEING = 7;
const OVER = 3;

const MESSAGES: Readonly<Record<Suspect, string>> = {
  mulaw: 'The audio looks like mu-law bytes that were sent as 16-bit PCM.',
  alaw: 'The audio looks like A-law bytes that were sent as 16-bit PCM.',
  byte_order: 'The audio looks like 16-bit PCM with its bytes in the wrong order.',
};

/**
 * Finds audio that was read wrong. Sound moves little from sample to sample and noise does not: bytes read wrong are
 * loud noise, and smooth when read right, which noise never is.
 */
export class EncodingWatch {
  /** What the last loud probes look like, in a ring. */
  readonly #looks: (Suspect | undefined)[] = [];
  #count = 0;
  #right = 0;
  #suspect: Suspect | undefined;
  #looksWrong = false;

  /** Whether the last probe looks as if it were read wrong. */
  get looksWrong(): boolean {
    return this.#looksWrong;
  }

  /** Takes a probe and its texture. */
  push(probe: Int16Array, texture: Texture): Verdict {
    this.#looksWrong = false;
    if (texture.power < LEAST_POWER) return this.#verdict();
    if (this.#right < TRUSTED || this.#right % SELDOM === 0) {
      const look = suspectOf(probe, texture);
      this.#looksWrong = look !== undefined;
      if (this.#looksWrong) this.#right = 0;
      this.#looks[this.#count % PROBES] = look;
      this.#count += 1;
      this.#judge();
    }
    if (!this.#looksWrong) this.#right += 1;
    return this.#verdict();
  }

  #verdict(): Verdict {
    const suspect = this.#suspect;
    return suspect === undefined ? undefined : { message: MESSAGES[suspect], details: { suspect } };
  }

  #judge(): void {
    if (this.#suspect !== undefined && this.#agreeing(this.#suspect) < OVER) this.#suspect = undefined;
    this.#suspect ??= SUSPECTS.find((suspect) => this.#agreeing(suspect) >= AGREEING);
  }

  #agreeing(suspect: Suspect): number {
    return this.#looks.filter((look) => look === suspect).length;
  }
}

/** The reading that makes a probe smooth; undefined when it is so as it is, or never. */
function suspectOf(probe: Int16Array, texture: Texture): Suspect | undefined {
  if (texture.roughness < SMOOTH) return undefined;
  const bytes = new Uint8Array(probe.buffer, probe.byteOffset, probe.byteLength);
  let smoothest = Math.min(SMOOTH_OTHERWISE, SMOOTHER * texture.roughness);
  let suspect: Suspect | undefined;
  const readings = [
    ['mulaw', decodeMulaw(bytes)],
    ['alaw', decodeAlaw(bytes)],
    ['byte_order', swapped(probe)],
  ] as const;
  for (const [name, samples] of readings) {
    const { power, roughness } = textureOf(samples);
    if (power > 0 && roughness < smoothest) {
      smoothest = roughness;
      suspect = name;
    }
  }
  const isTone = suspect !== undefined && new Set(probe).size < LEAST_DISTINCT * probe.length;
  return isTone ? undefined : suspect;
}

function swapped(samples: Int16Array): Int16Array {
  return samples.map((sample) => (sample << 8) | ((sample >> 8) & 0xff));
}
