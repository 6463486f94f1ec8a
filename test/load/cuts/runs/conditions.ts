/** What is added to the talk; all are made here. */
export type NoiseKind = 'white' | 'pink' | 'brown' | 'hum' | 'babble' | 'music' | 'keys' | 'gusts';

/** How a talk is heard. */
export interface Condition {
  readonly name: string;
  /** Under which its counts are added up. */
  readonly group: string;
  readonly noise: NoiseKind | null;
  /** Level of the words over the noise, before a telephone narrows both. */
  readonly snrDb: number;
  readonly telephone?: boolean;
  readonly reverb?: boolean;
  /** Whether the gain of everything, or that of the noise alone, jumps. */
  readonly steps?: 'all' | 'noise';
}

export const STEADY_NOISES = ['white', 'pink', 'brown', 'hum'] as const;
export const CHANGING_NOISES = ['music', 'keys', 'gusts'] as const;
const SNRS = [20, 10, 5, 0] as const;

/** Each noise at each level, the telephone clean and in noise, a room, and steps. */
export const CONDITIONS: readonly Condition[] = [
  { name: 'clean', group: 'clean', noise: null, snrDb: Infinity },
  { name: 'telephone', group: 'clean', noise: null, snrDb: Infinity, telephone: true },
  { name: 'room', group: 'room', noise: null, snrDb: Infinity, reverb: true },
  { name: 'room, pink 20 dB', group: 'room', noise: 'pink', snrDb: 20, reverb: true },
  { name: 'level steps, pink 20 dB', group: 'steps', noise: 'pink', snrDb: 20, steps: 'all' },
  { name: 'noise steps, pink 20 dB', group: 'steps', noise: 'pink', snrDb: 20, steps: 'noise' },
  ...SNRS.flatMap((snrDb): Condition[] => [
    ...STEADY_NOISES.map((noise) => ({ name: `${noise} ${snrDb} dB`, group: `${snrDb} dB`, noise, snrDb })),
    {
      name: `telephone, pink ${snrDb} dB`,
      group: `${snrDb} dB`,
      noise: 'pink',
      snrDb,
      telephone: true,
    },
    { name: `babble ${snrDb} dB`, group: `babble ${snrDb} dB`, noise: 'babble', snrDb },
    ...CHANGING_NOISES.map((noise) => ({
      name: `${noise} ${snrDb} dB`,
      group: `changing ${snrDb} dB`,
      noise,
      snrDb,
    })),
  ]),
];
