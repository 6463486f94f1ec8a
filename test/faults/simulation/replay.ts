import { simulate } from './simulation.ts';

/** Runs one seed and prints what happened, event by event: `node test/dist/faults/simulation/replay.js SEED`. */
const seed = Number(process.argv[2]);
if (!Number.isSafeInteger(seed)) throw new Error('the seed to run is missing');
const result = await simulate({ seed, trace: true });
const { lines, violations, plan, stuck, hash, steps } = result;
process.stdout.write(`${JSON.stringify(plan, null, 1)}\n${lines.join('\n')}\n`);
process.stdout.write(`${JSON.stringify({ seed, hash, steps, stuck, violations }, null, 1)}\n`);
