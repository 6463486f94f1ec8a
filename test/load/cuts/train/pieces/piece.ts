import { reverberant } from '../../sound/room.ts';
import { SAMPLE_RATE, toUnitRms } from '../../sound/signal.ts';
import { drawKit, type Kit, strike } from './drums.ts';
import { drawInstrument, type Instrument, play } from './instruments.ts';

const MODES = [
  [0, 2, 4, 5, 7, 9, 11],
  [0, 2, 3, 5, 7, 8, 10],
  [0, 2, 3, 5, 7, 9, 10],
  [0, 2, 4, 7, 9],
  [0, 3, 5, 6, 7, 10],
] as const;

/** One of the parts that sound together. */
interface Layer {
  readonly instrument: Instrument;
  /** Sixteenths from note to note, how many of them a note is held, and how likely a place is left out. */
  readonly every: number;
  readonly held: number;
  readonly rest: number;
  readonly octave: number;
  readonly loudness: number;
  readonly kind: 'chord' | 'arpeggio' | 'melody' | 'bass';
}

interface Score {
  readonly root: number;
  readonly mode: readonly number[];
  /** The degree of each bar's chord. */
  readonly chords: readonly number[];
  readonly sixteenth: number;
  readonly places: number;
  /** How much later than in time each second sixteenth comes, and how far notes stray, in parts of one. */
  readonly swing: number;
  readonly looseness: number;
  readonly layers: readonly Layer[];
  readonly kit: Kit | undefined;
}

/**
 * A piece of music of root mean square 1, without singing; key, chords, beat, instruments and drums are drawn anew for each.
 * It shares nothing with the music that the bench of cuts judges with.
 */
export function drawPiece(count: number, random: () => number): Float32Array {
  const samples = new Float32Array(count);
  const score = drawScore(random);
  const bars = count / SAMPLE_RATE / (score.sixteenth * score.places);
  for (let bar = 0; bar < bars; bar += 1) {
    const chord = score.chords[bar % score.chords.length]!;
    for (let place = 0; place < score.places; place += 1)
      playPlace(samples, score, { bar, place, chord, random });
  }
  const heard = random() < 0.4 ? reverberant(samples) : samples;
  swell(heard, random);
  return toUnitRms(heard);
}

function drawScore(random: () => number): Score {
  const places = random() < 0.25 ? 12 : 16;
  const mode = MODES[Math.floor(random() * MODES.length)]!;
  const layers = Array.from({ length: 1 + Math.floor(random() * 4) }, () => drawLayer(random));
  const hasDrums = random() < 0.5;
  return {
    root: 110 * 2 ** random(),
    mode,
    chords: Array.from({ length: 1 + Math.floor(random() * 8) }, () => Math.floor(random() * mode.length)),
    sixteenth: 60 / (50 + 130 * random()) / 4,
    places,
    swing: random() < 0.3 ? 0.33 * random() : 0,
    looseness: 0.15 * random() ** 2,
    layers,
    kit: hasDrums ? drawKit(places, random) : undefined,
  };
}

function drawLayer(random: () => number): Layer {
  const kind = (['chord', 'arpeggio', 'melody', 'bass'] as const)[Math.floor(random() * 4)]!;
  const every =
    kind === 'chord' ? [4, 8, 16][Math.floor(random() * 3)]! : [1, 2, 2, 4, 4, 8][Math.floor(random() * 6)]!;
  return {
    kind,
    instrument: drawInstrument(random),
    every,
    held: every * (0.3 + 0.8 * random()),
    rest: kind === 'chord' ? 0.05 : 0.35 * random(),
    octave: kind === 'bass' ? -1 : Math.floor(random() * 3),
    loudness: 0.3 + 0.7 * random(),
  };
}

interface Place {
  readonly bar: number;
  readonly place: number;
  readonly chord: number;
  readonly random: () => number;
}

function playPlace(samples: Float32Array, score: Score, { bar, place, chord, random }: Place): void {
  const late = (place % 2 === 1 ? score.swing : 0) + score.looseness * random();
  const seconds = (bar * score.places + place + late) * score.sixteenth;
  for (const layer of score.layers) {
    if (place % layer.every !== 0 || random() < layer.rest) continue;
    const degrees = degreesOf(layer, place / layer.every, { chord, random });
    for (const degree of degrees) {
      play(samples, layer.instrument, {
        startSeconds: seconds,
        heldSeconds: layer.held * score.sixteenth,
        hertz: score.root * 2 ** (layer.octave + semitones(score.mode, degree) / 12),
        loudness: (layer.loudness * (0.7 + 0.3 * random())) / degrees.length,
      });
    }
  }
  if (score.kit !== undefined) strike(samples, score.kit, { seconds, place, random });
}

/** Which degrees of the scale a layer plays. */
function degreesOf(
  { kind }: Layer,
  step: number,
  { chord, random }: { readonly chord: number; readonly random: () => number },
): number[] {
  if (kind === 'chord') return [chord, chord + 2, chord + 4];
  if (kind === 'bass') return [random() < 0.8 ? chord : chord + 4];
  return [kind === 'arpeggio' ? chord + 2 * (step % 4) : chord + Math.floor(8 * random()) - 2];
}

function semitones(mode: readonly number[], degree: number): number {
  const octave = Math.floor(degree / mode.length);
  return 12 * octave + mode[degree - octave * mode.length]!;
}

/** Makes everything slowly louder and softer, by up to 12 dB. */
function swell(samples: Float32Array, random: () => number): void {
  const depth = 12 * random() ** 2;
  const period = (4 + 20 * random()) * SAMPLE_RATE;
  const phase = random();
  for (let index = 0; index < samples.length; index += 1) {
    samples[index]! *= 10 ** ((-depth * (0.5 + 0.5 * Math.sin(2 * Math.PI * (index / period + phase)))) / 20);
  }
}
