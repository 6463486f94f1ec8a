/** Which half of the voices, texts and seeds: one to tune with, one that only judges. */
export type Split = 'tune' | 'test';

/** A voice of one of the synthesizers; `name` and `settings` are arguments of its program. */
export interface Voice {
  readonly program: 'flite' | 'espeak-ng';
  readonly name: string;
  readonly settings: readonly string[];
}

const flite = (name: string, stretch = 1): Voice => ({
  program: 'flite',
  name,
  settings: ['--setf', `duration_stretch=${stretch}`],
});

const espeak = (name: string, wordsPerMinute: number): Voice => ({
  program: 'espeak-ng',
  name,
  settings: ['-s', String(wordsPerMinute)],
});

/** No voice is in both halves. */
export const VOICES: Readonly<Record<Split, readonly Voice[]>> = {
  tune: [flite('slt'), espeak('en-us', 165), flite('kal16', 0.9), espeak('en-gb-x-rp+f2', 150)],
  test: [
    flite('rms'),
    espeak('en-us+f3', 160),
    flite('awb'),
    espeak('en-gb-scotland+m3', 175),
    flite('rms', 0.85),
    espeak('en-029+f4', 150),
    flite('awb', 1.1),
    espeak('en-us-nyc+m4', 165),
  ],
};

/** The people in the background of all talks. */
export const BACKGROUND_VOICES: readonly Voice[] = [
  flite('slt', 1.05),
  flite('kal16', 1.1),
  flite('rms', 0.95),
  espeak('en-gb+f5', 170),
  espeak('en-gb-x-gbcwmd+m7', 160),
  espeak('en-us+f1', 155),
  espeak('en-gb-x-gbclan+m1', 180),
];
