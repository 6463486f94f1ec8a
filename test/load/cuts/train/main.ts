import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GAP_NETWORK, type Network, TEXTURE_INPUTS, TEXTURE_NETWORK } from '@earshot/audio/training';
import { missingPrograms } from '../speech/synthesizer.ts';
import { type Material, makeMaterial } from './data/tasks.ts';
import { judgePlaces, judgeTextures } from './judging.ts';
import { networkModule, rounded } from './network/network-module.ts';
import { type TrainingPlan, train } from './network/training.ts';
import { readTrainingOptions, type TrainingOptions } from './options.ts';

/** Examples of a step. */
const GAP_BATCH = 2048;
const TEXTURE_BATCH = 1024;

const say = (...lines: readonly string[]): void => {
  for (const line of lines) process.stdout.write(`${line}\n`);
};

/** Trains and gives the network as it would be kept. */
function trained(name: string, { learned }: Material, plan: Omit<TrainingPlan, 'onEpoch'>): Network {
  say(`${name}: ${learned.answers.length} examples, ${plan.units} units`);
  const network = train(learned, {
    ...plan,
    onEpoch: (epoch, loss) => say(`  epoch ${epoch + 1} of ${plan.epochs}: loss ${loss.toFixed(4)}`),
  });
  return rounded(network);
}

function trainGap(options: TrainingOptions, places: Material): Network {
  const { gapUnits: units, gapEpochs: epochs, seed } = options;
  const network = trained('gap', places, { units, epochs, seed, batch: GAP_BATCH, rate: 4e-3 });
  for (const held of places.held.values()) {
    say('the network that is in use:', ...judgePlaces(GAP_NETWORK, held));
    say('the new one:', ...judgePlaces(network, held));
  }
  return network;
}

function trainTexture(options: TrainingOptions, textures: Material): Network {
  const { textureUnits: units, textureEpochs: epochs, seed } = options;
  const network = trained('texture', textures, { units, epochs, seed, batch: TEXTURE_BATCH, rate: 3e-3 });
  if (TEXTURE_NETWORK.inputs <= TEXTURE_INPUTS) {
    say('the network that is in use:', ...judgeTextures(TEXTURE_NETWORK, textures.held));
  }
  say('the new one:', ...judgeTextures(network, textures.held));
  return network;
}

async function run(options: TrainingOptions): Promise<void> {
  const { places, textures } = await makeMaterial(options, (done, of) => {
    if (done % 32 === 0 || done === of) say(`${done} of ${of} talks and noises`);
  });
  const { networks, seed, into, write } = options;
  const only = networks.length === 1 ? ` --only ${networks.join('')}` : '';
  const from = `\`npm run train:cuts -- --seed ${seed}${only}\``;
  if (networks.includes('gap')) {
    const gap = trainGap(options, places);
    const module = networkModule(gap, { name: 'GAP_NETWORK', about: aboutGap(gap, from) });
    if (write) await keep(into, 'gap/gap-network.ts', module);
  }
  if (networks.includes('texture')) {
    const texture = trainTexture(options, textures);
    const module = networkModule(texture, { name: 'TEXTURE_NETWORK', about: aboutTexture(texture, from) });
    if (write) await keep(into, 'texture/texture-network.ts', module);
  }
}

async function keep(folder: string, path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  say(`written: ${file}`);
}

const aboutGap = ({ inputs, units }: Network, from: string): string[] => [
  `What ${from} learned from synthetic talks in noise: ${inputs} levels in, ${units}`,
  'rectified units, the log-odds of a pause out. The bench of cuts judges with other voices, sentences and seeds, though with',
  'noise of the same kinds.',
];

const aboutTexture = ({ inputs, units }: Network, from: string): string[] => [
  `What ${from} learned from synthetic talks in noise, and from noise and music alone:`,
  `${inputs} figures of four seconds in, ${units} rectified units, the log-odds of speech out. The bench of cuts judges with other`,
  'voices, sentences and seeds, and with music of another recipe, though with noise of the same kinds.',
];

/** Trains the networks that cut: `node test/dist/load/cuts/train/main.js [--quick] …`. */
const options = readTrainingOptions(process.argv.slice(2));
const missing = await missingPrograms();
if (missing.length === 0) await run(options);
else {
  say(`The talks are spoken by flite and espeak-ng, and ${missing.join(' and ')} cannot be run here.`);
  process.exitCode = 1;
}
