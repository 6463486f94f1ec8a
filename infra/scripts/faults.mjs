/**
 * `npm run faults`: sets this folder up and injects CI's share of faults; `npm run faults:full` all of them. Options go
 * through: `--only class,class`, `--count N`, `--seed S`, `--merge`. The last line is the figures as JSON.
 */
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { runVisibly } from './steps/command.mjs';
import { ROOT } from './steps/places.mjs';

const main = join(ROOT, 'test', 'dist', 'faults', 'main.js');
process.exitCode = (await setUp({ forTests: true }))
  ? await runVisibly([process.execPath, main, ...process.argv.slice(2)])
  : 1;
