/**
 * `npm run bench:calls`: sets this folder up and measures live calls: what earshot adds to the way of audio at 50 calls,
 * and 200 calls with a listener each. `--quick` takes less than a minute; the last line is the figures as JSON.
 */
import { join } from 'node:path';
import { setUp } from '../scripts/setup.mjs';
import { runVisibly } from '../scripts/steps/command.mjs';
import { ROOT } from '../scripts/steps/places.mjs';

const main = join(ROOT, 'test', 'dist', 'load', 'calls', 'main.js');
process.exitCode = (await setUp()) ? await runVisibly([process.execPath, main, ...process.argv.slice(2)]) : 1;
