import type { LatencyRow } from '../runs/latency.ts';
import type { LoadResult, LoadWindow } from '../runs/many-calls.ts';
import { median } from './statistics.ts';

/** One measured number, and what it should be at most, where anything is asked of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly goal: number | null;
  readonly unit: string;
  readonly better: 'lower';
}

const LATENCY_GOAL_MS = 40;

const lower = (name: string, value: number, rest: { unit: string; goal?: number }): Figure => ({
  name,
  value: Math.round(value * 100) / 100,
  goal: rest.goal ?? null,
  unit: rest.unit,
  better: 'lower',
});

/** The figures of one way to talk and listen. */
export function latencyFigures(row: LatencyRow): Figure[] {
  const goal = { unit: 'ms', goal: LATENCY_GOAL_MS };
  const each = (direction: string, { p50, p99 }: { p50: number; p99: number }): Figure[] => [
    lower(`${row.name}_${direction}_p50`, p50, { unit: 'ms' }),
    lower(`${row.name}_${direction}_p99`, p99, goal),
  ];
  return [
    ...each('peer_to_app', row.toApp),
    ...each('app_to_peer', row.toPeer),
    ...each('round_trip', row.roundTrip),
    lower(`${row.name}_lost`, row.lost, { unit: 'ticks', goal: 0 }),
  ];
}

/** The figures of many calls; memory counts only when the run was long enough to tell. */
export function loadFigures(result: LoadResult, options: { readonly judgeMemory: boolean }): Figure[] {
  const { windows, startKb, idleKb, calls } = result;
  const sum = (of: (window: LoadWindow) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  const medianOf = (of: (window: LoadWindow) => number): number => median(windows.map(of));
  const endKb = windows.at(-1)?.residentKb ?? startKb;
  const growth = { unit: '%', ...(options.judgeMemory ? { goal: 10 } : {}) };
  const heard = sum((window) => window.listenerTicks + window.missingTicks);
  const underruns = (10_000 * sum((window) => window.underruns)) / sum((window) => window.peerTicks);
  return [
    lower('underruns_per_10000_peer_ticks', underruns, { unit: 'ticks', goal: 1 }),
    lower(
      'skipped_clock_ticks',
      sum((window) => window.skippedTicks),
      { unit: 'ticks', goal: 0 },
    ),
    lower('missing_per_10000_listener_ticks', (10_000 * sum((window) => window.missingTicks)) / heard, {
      unit: 'ticks',
      goal: 1,
    }),
    lower('closed_listeners', result.closedListeners, { unit: 'sockets', goal: 0 }),
    lower(
      'peer_to_listener_p99',
      medianOf((window) => window.toListenerP99Ms),
      { unit: 'ms' },
    ),
    lower('service_processor', 100 * medianOf((window) => window.cpuShare), { unit: '%' }),
    lower('memory_growth', (100 * (endKb - startKb)) / startKb, growth),
    lower('memory_per_call', (endKb - idleKb) / calls, { unit: 'KB' }),
  ];
}

/** The line of JSON that a run ends with. */
export function figuresLine(figures: readonly Figure[]): string {
  return JSON.stringify({ figures });
}
