/**
 * `npm run train:cuts`: sets this folder up and trains the two networks that cut, from nothing but the synthesizers and the
 * noises of the bench of cuts. Needs flite and espeak-ng; takes about a quarter of an hour on two cores. `--quick` takes a
 * minute and shows that it works; `--write` writes the modules.
 */
import { join } from 'node:path';
import { setUp } from '../scripts/setup.mjs';
import { runVisibly } from '../scripts/steps/command.mjs';
import { ROOT } from '../scripts/steps/places.mjs';

const main = join(ROOT, 'test', 'dist', 'load', 'cuts', 'train', 'main.js');
process.exitCode = (await setUp()) ? await runVisibly([process.execPath, main, ...process.argv.slice(2)]) : 1;
