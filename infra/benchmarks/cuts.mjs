/**
 * `npm run bench:cuts`: sets this folder up and measures where speech is cut: synthetic talks of which each sample is known
 * to be word or pause, in noise. Needs flite and espeak-ng. Takes about five minutes on two cores, `--quick` less than two;
 * the last line is the figures as JSON. `--only words` asks the embedded engine, which takes long: its answer is kept in
 * cuts.words.json, which later runs report from.
 */
import { join } from 'node:path';
import { setUp } from '../scripts/setup.mjs';
import { runVisibly } from '../scripts/steps/command.mjs';
import { ROOT } from '../scripts/steps/places.mjs';

const main = join(ROOT, 'test', 'dist', 'load', 'cuts', 'main.js');
process.exitCode = (await setUp()) ? await runVisibly([process.execPath, main, ...process.argv.slice(2)]) : 1;
