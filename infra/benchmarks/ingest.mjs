/**
 * `npm run bench`: sets this folder up and measures what live streams cost, always beside a bare server that throws the
 * same bytes away. `--quick` takes less than three minutes; the last line is the figures as JSON.
 */
import { join } from 'node:path';
import { setUp } from '../scripts/setup.mjs';
import { runVisibly } from '../scripts/steps/command.mjs';
import { ROOT } from '../scripts/steps/places.mjs';

const main = join(ROOT, 'test', 'dist', 'load', 'ingest', 'main.js');
const command = [process.execPath, '--no-warnings', main, ...process.argv.slice(2)];
process.exitCode = (await setUp()) ? await runVisibly(command) : 1;
