import { median } from '../../calls/report/statistics.ts';
import { type Findings, figure } from '../report/figures.ts';
import { table } from '../report/table.ts';
import { type CapacityPlan, type CapacityResult, measureCapacity } from '../runs/streams/capacity.ts';
import { type MemoryResult, measureMemory } from '../runs/streams/memory.ts';
import { measureTwoProcesses } from '../runs/streams/two-processes.ts';
import { startBareSink } from '../servers/bare-sink.ts';
import { startEarshotNode } from '../servers/earshot-node.ts';
import { openServerCore } from '../servers/server-core.ts';
import type { StreamTarget } from '../servers/stream-target.ts';
import type { PartContext } from './context.ts';

/** How many real-time streams one process of each server carries on one core. */
export async function capacityPart(context: PartContext): Promise<Findings> {
  context.say('streams of one process on one core, until it does not keep up');
  const core = await openServerCore(context.fleet.pids);
  if (core === undefined) {
    const sentence = 'Streams on one core: needs a second processor for the generator, and taskset.';
    return { figures: [], text: [], leftOut: [sentence] };
  }
  const results: CapacityResult[] = [];
  try {
    const plan = { ...planOf(context), share: core.share };
    // Objects go to a folder: a MinIO server beside the generator would take what brings the servers to their limit.
    for (const starting of [startBareSink, () => startEarshotNode({ store: 'folder' })]) {
      const measure = async (target: StreamTarget): Promise<CapacityResult> => {
        await core.give(target);
        return measureCapacity(context.fleet, target, plan);
      };
      results.push(await withTarget(starting(), measure));
    }
  } finally {
    await core.close();
  }
  return capacityFindings(results, core.share);
}

function capacityFindings(results: readonly CapacityResult[], share: number): Findings {
  const [bare = 0, earshot = 0] = results.map(({ streams }) => streams);
  const place = share === 1 ? 'one core' : 'half of one core (a spinning program has the other half)';
  const text = [
    `Real-time streams of one process (20 ms, PCM16, durable acks, objects in a folder) on ${place}, generator and Redis on the others, step by step; carried means no frame dropped, all durable, loop late p99 under 50 ms:`,
    stepTable(results),
    ...results.flatMap(({ server, refused }) =>
      refused === undefined ? [] : [`Of ${refused} streams ${server} refused some, for want of room.`],
    ),
  ];
  const bound = results.filter(({ limit, streams }) => limit !== 'server' || streams === 0);
  if (bound.length > 0) {
    const who = bound.map(({ server }) => server).join(' and ');
    const sentence = `Streams on one core: the search ended before the server was at its limit, or at the first step (${who}): the generator or other programs had the processors, so there is no ratio.`;
    return { figures: [], text, leftOut: [sentence] };
  }
  const name = share === 1 ? 'streams_on_one_core' : 'streams_on_half_a_core';
  const row = { unit: 'streams', better: 'higher' } as const;
  return {
    figures: [
      figure({
        name: 'streams_on_one_core_ratio',
        value: earshot / bare,
        goal: 0.8,
        unit: 'x',
        better: 'higher',
      }),
      figure({ name: `${name}_bare`, value: bare, ...row }),
      figure({ name, value: earshot, ...row }),
    ],
    text,
    leftOut: [],
  };
}

/** Two ingest processes against one, by what a stream costs. */
export async function processesPart({ options, fleet, say }: PartContext): Promise<Findings> {
  const { streams, windows, windowMs } = options;
  const each = Math.ceil(streams / 2);
  say(`processes: ${each} streams on one, ${2 * each} on two behind one port`);
  const { one, two, shares } = await measureTwoProcesses(fleet, { each, windows, windowMs });
  const value = 2 * median(one.map((cpuUs, index) => cpuUs / (two[index] ?? Number.NaN)));
  const unit = 'us/stream-s';
  return {
    figures: [
      figure({ name: 'two_processes_ratio', value, goal: 1.9, unit: 'x', better: 'higher' }),
      figure({ name: 'one_process_cpu', value: median(one), unit }),
      figure({ name: 'two_processes_cpu', value: median(two), unit }),
    ],
    text: [
      `Two ingest processes behind one port against one, ${each} real-time streams for each process, all fed at the same time: a stream costs ${median(two).toFixed(0)} us of processor time a second with two (primary, and all three processes' threads) and ${median(one).toFixed(0)} us with one, so that two processors carry ${value.toFixed(2)} times the streams of one. That is a statement about processor time: generator, Redis and both processes share this machine, and what they do to each other in wall-clock time is not in it. The connections were spread ${shares.join(' : ')}.`,
      table(
        ['processes', ...one.map((_, index) => `window ${index + 1}`)],
        [
          ['one', ...one.map((us) => us.toFixed(0))],
          ['two', ...two.map((us) => us.toFixed(0))],
        ],
      ),
    ],
    leftOut: [],
  };
}

/** What a live stream holds in memory above a bare connection. */
export async function memoryPart(context: PartContext): Promise<Findings> {
  const { options, fleet, say } = context;
  const { streams, quick } = options;
  const plan = { streams, levels: quick ? 3 : 4, holdMs: quick ? 1000 : 8000 };
  say(`memory: up to ${plan.streams} live streams`);
  const bare = await withTarget(startBareSink(), (target) => measureMemory(fleet, target, plan));
  const earshot = await withTarget(startNode(context), (target) => measureMemory(fleet, target, plan));
  const unit = 'kB';
  return {
    figures: [
      figure({
        name: 'memory_per_stream_above_bare',
        value: earshot.perStreamKb - bare.perStreamKb,
        goal: 64,
        unit,
      }),
      figure({ name: 'memory_per_stream_bare', value: bare.perStreamKb, unit }),
      figure({ name: 'memory_per_stream', value: earshot.perStreamKb, unit }),
    ],
    text: ['Resident memory while streams are live:', memoryTable([bare, earshot])],
    leftOut: [],
  };
}

function planOf({ options }: PartContext): Omit<CapacityPlan, 'share'> {
  return options.quick ? { from: 200, factor: 1.4, holdMs: 1000 } : { from: 200, factor: 1.1, holdMs: 4000 };
}

function startNode({ store, options }: PartContext): Promise<StreamTarget> {
  return startEarshotNode({ store, nodeArgs: options.nodeArgs });
}

async function withTarget<T>(
  starting: Promise<StreamTarget>,
  use: (target: StreamTarget) => Promise<T>,
): Promise<T> {
  const target = await starting;
  try {
    return await use(target);
  } finally {
    await target.stop();
  }
}

function stepTable(results: readonly CapacityResult[]): string {
  const head = ['server', 'streams', 'loop late p99', 'generator late p99', 'processors', 'starved', 'lost'];
  const rows = results.flatMap(({ server, steps }) =>
    steps.map((step) => [
      server,
      String(step.streams),
      `${step.loopP99Ms.toFixed(1)} ms`,
      `${step.generatorLateMs.toFixed(1)} ms`,
      step.processors.toFixed(2),
      `${(100 * step.starvedShare).toFixed(0)} %`,
      String(step.droppedFrames),
      step.carried ? 'carried' : 'not carried',
    ]),
  );
  return table([...head, ''], rows);
}

function memoryTable(results: readonly MemoryResult[]): string {
  const head = ['server', ...(results[0]?.points ?? []).map(({ streams }) => `${streams} streams`)];
  const rows = results.map(({ server, points, perStreamKb }) => [
    server,
    ...points.map(({ residentKb }) => `${(residentKb / 1024).toFixed(0)} MB`),
    `${perStreamKb.toFixed(0)} kB`,
  ]);
  return table([...head, 'a stream'], rows);
}
