import { availableParallelism } from 'node:os';
import { type Findings, figure } from '../report/figures.ts';
import { table } from '../report/table.ts';
import { type CapacityPlan, type CapacityResult, measureCapacity } from '../runs/capacity.ts';
import { type MemoryResult, measureMemory } from '../runs/memory.ts';
import { startBareSink } from '../servers/bare-sink.ts';
import { startEarshotNode } from '../servers/earshot-node.ts';
import type { StreamTarget } from '../servers/stream-target.ts';
import type { PartContext } from './context.ts';

/** Two ingest processes, and generators that are not slower than they. */
const PROCESSORS_FOR_TWO = 4;

/** How many real-time streams one process of each server carries. */
export async function capacityPart(context: PartContext): Promise<Findings> {
  context.say('streams of one process, until it does not keep up');
  const bare = await withTarget(startBareSink(), (target) =>
    measureCapacity(context.fleet, target, planOf(context)),
  );
  const earshot = await withTarget(startNode(context, 1), (target) =>
    measureCapacity(context.fleet, target, planOf(context)),
  );
  const text = ['Real-time streams of one process (20 ms, PCM16), step by step:', stepTable([bare, earshot])];
  const bound = [bare, earshot].filter(({ limit }) => limit !== 'server');
  if (bound.length > 0 || bare.streams === 0 || earshot.streams === 0) {
    const who = bound.map(({ server }) => server).join(' and ') || 'one of both';
    const sentence = `Streams on one core: the search ended before the server was at its limit, or at the first step (${who}): the generator or other programs had the processors, so there is no ratio.`;
    return { figures: [], text, leftOut: [sentence] };
  }
  return {
    figures: [
      figure({
        name: 'streams_on_one_core_ratio',
        value: earshot.streams / bare.streams,
        goal: 0.8,
        unit: 'x',
        better: 'higher',
      }),
      figure({ name: 'streams_on_one_core_bare', value: bare.streams, unit: 'streams', better: 'higher' }),
      figure({ name: 'streams_on_one_core', value: earshot.streams, unit: 'streams', better: 'higher' }),
    ],
    text,
    leftOut: [],
  };
}

/** Two ingest processes against one. */
export async function processesPart(context: PartContext): Promise<Findings> {
  const processors = availableParallelism();
  if (processors < PROCESSORS_FOR_TWO) {
    const sentence = `Two ingest processes against one: ${processors} processors cannot show it, since two processes, the generator and the stores would share them; ${PROCESSORS_FOR_TWO} are needed.`;
    return { figures: [], text: [], leftOut: [sentence] };
  }
  context.say('streams of two processes against one');
  const [one, two] = [
    await withTarget(startNode(context, 1), (target) =>
      measureCapacity(context.fleet, target, planOf(context)),
    ),
    await withTarget(startNode(context, 2), (target) =>
      measureCapacity(context.fleet, target, planOf(context)),
    ),
  ];
  const text = ['One and two ingest processes:', stepTable([one, two])];
  if (one.limit !== 'server' || two.limit !== 'server') {
    const sentence =
      'Two ingest processes against one: the search ended before the servers were at their limit: the generator or other programs had the processors.';
    return { figures: [], text, leftOut: [sentence] };
  }
  const value = two.streams / one.streams;
  return {
    figures: [figure({ name: 'two_processes_ratio', value, goal: 1.9, unit: 'x', better: 'higher' })],
    text,
    leftOut: [],
  };
}

/** What a live stream holds in memory above a bare connection. */
export async function memoryPart(context: PartContext): Promise<Findings> {
  const { options, fleet, say } = context;
  const plan = { streams: options.streams, holdMs: options.quick ? 1000 : 20_000 };
  say(`memory: up to ${plan.streams} live streams`);
  const bare = await withTarget(startBareSink(), (target) => measureMemory(fleet, target, plan));
  const earshot = await withTarget(startNode(context, 1), (target) => measureMemory(fleet, target, plan));
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

function planOf({ options }: PartContext): CapacityPlan {
  return options.quick ? { from: 300, factor: 1.7, holdMs: 1200 } : { from: 200, factor: 1.15, holdMs: 8000 };
}

function startNode({ store, options }: PartContext, processes: number): Promise<StreamTarget> {
  return startEarshotNode({ store, processes, nodeArgs: options.nodeArgs });
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
  const rows = results.flatMap(({ server, processes, steps }) =>
    steps.map((step) => [
      processes === 1 ? server : `${server}, ${processes} processes`,
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
