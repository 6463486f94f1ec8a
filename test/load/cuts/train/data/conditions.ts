import { CONDITIONS, type Condition } from '../../runs/conditions.ts';

const steady = (noise: 'white' | 'pink' | 'brown', snrDb: number): Condition => ({
  name: `${noise} ${snrDb} dB`,
  group: 'more',
  noise,
  snrDb,
});

/** What networks are trained with beyond what the bench judges with: other levels of the same noises. */
const MORE: readonly Condition[] = [
  steady('white', 30),
  steady('pink', 30),
  steady('white', 40),
  steady('pink', 40),
  steady('brown', 30),
  steady('pink', 15),
  steady('white', 3),
  { name: 'telephone, pink 30 dB', group: 'more', noise: 'pink', snrDb: 30, telephone: true },
  { name: 'telephone, white 15 dB', group: 'more', noise: 'white', snrDb: 15, telephone: true },
  { name: 'room, pink 30 dB', group: 'more', noise: 'pink', snrDb: 30, reverb: true },
  { name: 'telephone, music 10 dB', group: 'more', noise: 'music', snrDb: 10, telephone: true },
];

export const TRAINING_CONDITIONS: readonly Condition[] = [...CONDITIONS, ...MORE];

/** How much the places of each group of conditions count; those of others are left out. */
const PLACE_SHARES: Readonly<Record<string, number>> = {
  clean: 4,
  '20 dB': 1.6,
  '10 dB': 2,
  '5 dB': 1.3,
  '0 dB': 0.6,
  more: 1.5,
  room: 1,
  steps: 1.6,
  'babble 20 dB': 1,
  'babble 10 dB': 3,
  'babble 5 dB': 1.5,
  'changing 20 dB': 0.6,
  'changing 10 dB': 0.8,
  'changing 5 dB': 0.4,
};

export const placeShare = ({ group }: Condition): number => PLACE_SHARES[group] ?? 0;
