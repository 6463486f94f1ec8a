import { median, quantile } from '../../calls/report/statistics.ts';
import type { WireName } from '../generator/wire.ts';
import { type Figure, type Findings, figure } from '../report/figures.ts';
import { table } from '../report/table.ts';
import {
  type CostResult,
  type CostWindow,
  measureCost,
  startCostServers,
} from '../runs/streams/stream-cost.ts';
import type { RedisWork } from '../servers/readings/redis-work.ts';
import type { PartContext } from './context.ts';

const CPU_GOALS: Readonly<Record<WireName, number | null>> = {
  pcm16_20ms: 1.25,
  twilio_20ms: 1.4,
  pcm16_100ms: null,
};

/** What a live stream costs on each wire, in ratio to a bare server. */
export async function streamsPart({ options, fleet, store, say }: PartContext): Promise<Findings> {
  const { streams, wires, windows, windowMs, nodeArgs } = options;
  const results: CostResult[] = [];
  const servers = await startCostServers({ store, nodeArgs });
  try {
    for (const wire of wires) {
      // A wire without a goal is only looked at.
      const count = CPU_GOALS[wire] === null ? Math.min(windows, options.quick ? 1 : 3) : windows;
      say(`${wire}: ${streams} streams, ${count} windows of each server`);
      results.push(await measureCost(fleet, servers, { wire, streams, windows: count, windowMs }));
    }
  } finally {
    await servers.stop();
  }
  return {
    figures: [...results.flatMap(figuresOf), ...redisFigures(results)],
    text: [
      `Processor time per stream-second at ${options.streams} real-time streams, medians of up to ${options.windows} windows of ${options.windowMs / 1000} s of each server, in turn:`,
      costTable(results),
      redisText(results),
      'Every window (microseconds per stream-second, bare / earshot; share of the time in which earshot was starved; load average):',
      windowTable(results),
    ],
    leftOut: [],
  };
}

const medianOf = (windows: readonly CostWindow[], of: (window: CostWindow) => number): number =>
  median(windows.map(of));

/** Of the windows in pairs: what both shared of a busy machine cancels out. */
function cpuRatio({ bare, earshot }: CostResult): number {
  return median(earshot.map(({ cpuUs }, index) => cpuUs / (bare[index]?.cpuUs ?? Number.NaN)));
}

function figuresOf(result: CostResult): Figure[] {
  const { wire, bare, earshot, bareLosses, earshotLosses } = result;
  const unit = 'us/stream-s';
  const acks = earshot.filter(({ latencies }) => latencies.length > 0);
  const ack = (share: number): number => medianOf(acks, ({ latencies }) => quantile(latencies, share));
  const lost = earshotLosses.droppedFrames + (earshotLosses.unackedFrames ?? 0);
  return [
    figure({ name: `${wire}_cpu_ratio`, value: cpuRatio(result), goal: CPU_GOALS[wire], unit: 'x' }),
    figure({ name: `${wire}_cpu_bare`, value: medianOf(bare, ({ cpuUs }) => cpuUs), unit }),
    figure({ name: `${wire}_cpu_earshot`, value: medianOf(earshot, ({ cpuUs }) => cpuUs), unit }),
    figure({
      name: `${wire}_loop_p99_bare`,
      value: medianOf(bare, ({ loopP99Ms }) => loopP99Ms),
      unit: 'ms',
    }),
    figure({ name: `${wire}_loop_p99`, value: medianOf(earshot, ({ loopP99Ms }) => loopP99Ms), unit: 'ms' }),
    figure({ name: `${wire}_dropped_bare`, value: bareLosses.droppedFrames, goal: 0, unit: 'frames' }),
    figure({ name: `${wire}_dropped`, value: lost, goal: 0, unit: 'frames' }),
    figure({ name: `${wire}_closed_streams`, value: earshotLosses.closedStreams, goal: 0, unit: 'streams' }),
    ...(acks.length === 0
      ? []
      : [
          figure({ name: `${wire}_durable_ack_p50`, value: ack(0.5), unit: 'ms' }),
          figure({ name: `${wire}_durable_ack_p99`, value: ack(0.99), unit: 'ms' }),
        ]),
  ];
}

/** Of all windows together: segments end and leases are renewed only now and then. */
function redisOf({ earshot }: CostResult): RedisWork {
  const mean = (of: (work: RedisWork) => number): number =>
    earshot.reduce((total, { redis }) => total + (redis === undefined ? 0 : of(redis)), 0) / earshot.length;
  return {
    reads: mean(({ reads }) => reads),
    commands: mean(({ commands }) => commands),
    cpuMs: mean(({ cpuMs }) => cpuMs),
  };
}

function redisFigures([pcm]: readonly CostResult[]): Figure[] {
  if (pcm === undefined) return [];
  const { reads, commands, cpuMs } = redisOf(pcm);
  return [
    figure({ name: 'redis_round_trips_per_stream_minute', value: reads, unit: 'reads' }),
    figure({ name: 'redis_commands_per_stream_minute', value: commands, unit: 'commands' }),
    figure({ name: 'redis_cpu_per_stream_minute', value: cpuMs, unit: 'ms' }),
  ];
}

function redisText(results: readonly CostResult[]): string {
  const each = results.map((result) => {
    const { reads, commands, cpuMs } = redisOf(result);
    return `${result.wire} ${reads.toFixed(2)} round trips, ${commands.toFixed(2)} commands, ${cpuMs.toFixed(2)} ms`;
  });
  return `Redis for a minute of one live stream, by its own counts (reads from its sockets; commands, those inside scripts among them; processor time), connecting and End apart: ${each.join('; ')}.`;
}

function costTable(results: readonly CostResult[]): string {
  const head = [
    'wire',
    'bare us',
    'earshot us',
    'ratio',
    'loop late p99 bare / earshot',
    'durable ack p50 / p99',
  ];
  const rows = results.map((result) => {
    const { wire, bare, earshot, earshotLosses } = result;
    const all = earshot.flatMap(({ latencies }) => latencies);
    const acks =
      all.length === 0
        ? 'no acks'
        : `${quantile(all, 0.5).toFixed(0)} / ${quantile(all, 0.99).toFixed(0)} ms`;
    return [
      wire,
      medianOf(bare, ({ cpuUs }) => cpuUs).toFixed(0),
      medianOf(earshot, ({ cpuUs }) => cpuUs).toFixed(0),
      cpuRatio(result).toFixed(2),
      `${medianOf(bare, ({ loopP99Ms }) => loopP99Ms).toFixed(1)} / ${medianOf(earshot, ({ loopP99Ms }) => loopP99Ms).toFixed(1)} ms`,
      acks,
      String(earshotLosses.sentFrames),
      String(earshotLosses.droppedFrames),
      earshotLosses.unackedFrames === undefined ? 'no acks' : String(earshotLosses.unackedFrames),
      `${medianOf(earshot, ({ generatorLateMs }) => generatorLateMs).toFixed(1)} ms`,
    ];
  });
  return table([...head, 'frames sent', 'dropped', 'never durable', 'generator late p99'], rows);
}

function windowTable(results: readonly CostResult[]): string {
  const most = Math.max(...results.map(({ earshot }) => earshot.length));
  const head = ['wire', ...Array.from({ length: most }, (_, index) => `window ${index + 1}`)];
  const rows = results.map(({ wire, bare, earshot }) => [
    wire,
    ...earshot.map(
      ({ cpuUs, starvedShare, loadAverage }, index) =>
        `${bare[index]?.cpuUs.toFixed(0)} / ${cpuUs.toFixed(0)}; ${(100 * starvedShare).toFixed(0)} %; ${loadAverage.toFixed(1)}`,
    ),
  ]);
  return table(head, rows);
}
