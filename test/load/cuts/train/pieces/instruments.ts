import { SAMPLE_RATE } from '../../sound/signal.ts';

/** How an instrument sounds. */
export interface Instrument {
  /** Multiples of the note that sound, and how loud each is. */
  readonly partials: readonly { readonly order: number; readonly loudness: number }[];
  readonly attackSeconds: number;
  /** In which a held note falls to a third; Infinity for one that is blown or bowed. */
  readonly decaySeconds: number;
  readonly releaseSeconds: number;
  /** Vibrato: part of the pitch, and how often a second. */
  readonly vibrato: { readonly depth: number; readonly hertz: number };
  /** How much louder and softer a held note gets, 0 to 1, as often as the vibrato. */
  readonly tremolo: number;
}

export interface Note {
  readonly startSeconds: number;
  readonly heldSeconds: number;
  readonly hertz: number;
  readonly loudness: number;
}

const TURN = 4096;
const SINE = Float64Array.from({ length: TURN }, (_, index) => Math.sin((2 * Math.PI * index) / TURN));
const NYQUIST_PART = 0.45;

/** An instrument of one of several families, drawn at random within its family. */
export function drawInstrument(random: () => number): Instrument {
  const family = Math.floor(random() * 6);
  const brightness = 0.4 + 1.2 * random();
  const even = random() < 0.3 ? 0.1 : 1;
  const orders =
    family === 3 ? [1, 2.76, 5.4, 8.93] : family === 4 ? [1, 4, 10] : [1, 2, 3, 4, 5, 6, 7, 8, 10, 12];
  const partials = orders.map((order) => ({
    order: order * (family === 5 ? 1 + 0.004 * (random() - 0.5) : 1),
    loudness: order ** -(1.6 / brightness) * (order % 2 === 0 ? even : 1),
  }));
  const isHeld = family < 2;
  return {
    partials,
    attackSeconds: isHeld ? 0.02 + 0.3 * random() ** 2 : 0.002 + 0.01 * random(),
    decaySeconds: isHeld ? Infinity : 0.1 + 1.2 * random(),
    releaseSeconds: 0.03 + 0.3 * random(),
    vibrato: { depth: random() < 0.5 ? 0 : 0.012 * random(), hertz: 4 + 3 * random() },
    tremolo: random() < 0.7 ? 0 : 0.6 * random(),
  };
}

/** Adds a note to samples. */
export function play(samples: Float32Array, { partials, ...sound }: Instrument, note: Note): void {
  const start = Math.floor(note.startSeconds * SAMPLE_RATE);
  const length = Math.floor((note.heldSeconds + 3 * sound.releaseSeconds) * SAMPLE_RATE);
  const envelope = envelopeOf(sound, { ...note, length: Math.min(length, samples.length - start) });
  for (const { order, loudness } of partials) {
    const step = (note.hertz * order * TURN) / SAMPLE_RATE;
    if (step > NYQUIST_PART * TURN) continue;
    let phase = TURN * ((order * 0.37) % 1);
    for (let index = 0; index < envelope.heights.length; index += 1) {
      samples[start + index]! += loudness * envelope.heights[index]! * SINE[phase & (TURN - 1)]!;
      phase += step * envelope.pitches[index]!;
    }
  }
}

function envelopeOf(
  sound: Omit<Instrument, 'partials'>,
  note: Note & { readonly length: number },
): { heights: Float32Array; pitches: Float32Array } {
  const heights = new Float32Array(Math.max(0, note.length));
  const pitches = new Float32Array(heights.length);
  const fall = sound.decaySeconds === Infinity ? 1 : Math.exp(-1.1 / (sound.decaySeconds * SAMPLE_RATE));
  const release = Math.exp(-3 / (sound.releaseSeconds * SAMPLE_RATE));
  const held = note.heldSeconds * SAMPLE_RATE;
  const wobble = (sound.vibrato.hertz * TURN) / SAMPLE_RATE;
  let height = note.loudness;
  for (let index = 0; index < heights.length; index += 1) {
    const wave = SINE[(index * wobble) & (TURN - 1)]!;
    const attack = Math.min(1, index / (sound.attackSeconds * SAMPLE_RATE));
    heights[index] = height * attack * (1 - sound.tremolo * (0.5 + 0.5 * wave));
    pitches[index] = 1 + sound.vibrato.depth * wave;
    height *= index < held ? fall : release;
  }
  return { heights, pitches };
}
