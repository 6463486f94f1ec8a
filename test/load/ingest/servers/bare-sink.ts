import { z } from 'zod';
import { startProgram } from './program.ts';
import { lateness } from './readings/loop-delay.ts';
import type { StreamTarget } from './stream-target.ts';

const Hello = z.object({ port: z.int() });
const Reading = z.object({ bytes: z.number(), loopP99Ms: z.number() });

/** A bare `ws` server per process that throws everything away. */
export async function startBareSink(processes = 1): Promise<StreamTarget> {
  const sinks = await Promise.all(Array.from({ length: processes }, () => startProgram('ws-sink')));
  const ports = await Promise.all(sinks.map(async ({ hello }) => Hello.parse(await hello).port));
  let bytes = 0;
  const read = async (): Promise<number> => {
    const readings = await Promise.all(
      sinks.map(async ({ program }) => Reading.parse(await program.ask({}))),
    );
    bytes = readings.reduce((total, reading) => total + reading.bytes, 0);
    return Math.max(...readings.map(({ loopP99Ms }) => lateness(loopP99Ms)));
  };
  return {
    name: 'bare',
    ports,
    pids: sinks.map(({ program }) => program.pid),
    helpers: [],
    paths: (count) => Promise.resolve(Array.from({ length: count }, () => '/')),
    loopP99Ms: read,
    receivedBytes: async () => {
      await read();
      return bytes;
    },
    redisWork: () => Promise.resolve(undefined),
    rest: () => Promise.resolve(),
    stop: async () => {
      await Promise.all(sinks.map(({ program }) => program.stop()));
    },
  };
}
