import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { latencyTable, measure } from './latency/measure.ts';

/** `node test/dist/faults/latency.js [--streams 50,200,500] [--seconds 20]`: how long a durable ack takes, and what a stream costs. */
const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '50,200,500' },
    seconds: { type: 'string', default: '20' },
  },
});
const rows = [];
for (const streams of values.streams.split(',').map(Number))
  rows.push(await measure({ streams, seconds: Number(values.seconds) }));
process.stdout.write(`${latencyTable(rows)}\n`);
process.stdout.write(`${JSON.stringify({ processors: availableParallelism(), latency: rows })}\n`);
process.exit(0);
