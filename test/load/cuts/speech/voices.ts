/** Which part of the voices, texts and seeds: one to train with, one to choose with, one that only judges. */
export type Split = 'train' | 'tune' | 'test';

/** A voice of one of the synthesizers; `name` and `settings` are arguments of its program. */
export interface Voice {
  readonly program: 'flite' | 'espeak-ng';
  readonly name: string;
  readonly settings: readonly string[];
}

const flite = (name: string, stretch = 1, hertz?: number): Voice => ({
  program: 'flite',
  name,
  settings: [
    '--setf',
    `duration_stretch=${stretch}`,
    ...(hertz === undefined ? [] : ['--setf', `int_f0_target_mean=${hertz}`]),
  ],
});

const espeak = (name: string, wordsPerMinute: number): Voice => ({
  program: 'espeak-ng',
  name,
  settings: ['-s', String(wordsPerMinute)],
});

/** No voice is in two parts, though two people of flite speak in training and tuning, faster or slower, higher or lower. */
export const VOICES: Readonly<Record<Split, readonly Voice[]>> = {
  train: [
    flite('slt', 0.85),
    espeak('en-us+m2', 150),
    flite('kal16', 1.1),
    espeak('en-gb+f1', 175),
    flite('slt', 1.1, 210),
    espeak('en-gb-x-gbclan+f2', 160),
    flite('kal16', 1, 85),
    espeak('en-us-nyc+f5', 170),
    espeak('en-gb-scotland+f2', 155),
    flite('kal'),
    espeak('en-029+m1', 165),
    espeak('en-us+f4', 180),
    flite('slt', 0.95, 150),
    espeak('en-gb-x-gbcwmd+m5', 165),
    flite('kal', 0.9, 130),
    espeak('en-gb-x-rp+m6', 170),
  ],
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

/** Names a voice with what distinguishes it from others of the same person. */
export function voiceName({ program, name, settings }: Voice): string {
  return [program, name, ...settings.filter((setting) => !setting.startsWith('-'))].join(' ');
}

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
