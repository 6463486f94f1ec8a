import { readFile, writeFile } from 'node:fs/promises';
import { getPriority, loadavg } from 'node:os';
import { join } from 'node:path';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';
import { machineLines } from '../../../faults/runner/report.ts';
import type { LatencyRow } from '../runs/latency.ts';
import type { LoadResult } from '../runs/many-calls.ts';
import type { Figure } from './figures.ts';

const FILE = join(workspaceRoot, 'infra', 'benchmarks', 'calls.md');

/** All that was measured. */
export interface BenchResult {
  readonly latencyCalls: number;
  readonly windowSeconds: number;
  readonly latency: readonly LatencyRow[];
  readonly load: LoadResult | undefined;
  readonly record: boolean;
}

const HOW = `Loopback peers live in the measured process; what they are due to say and what reaches them they note by the machine's
monotonic clock, which the load generator, a process of its own, reads alike (CLOCK_MONOTONIC), and they say it in the
audio itself. Each 20 ms of a peer carry the time at which they were due, so that a service that stood still is not
excused. The generator stamps each 20 ms that it sends with the earliest time at which a player that waits for nothing
could begin them, so that its own delays are not the service's. The round trip leaves out the peer's own time and
compares only readings of one process, so it holds whatever the clocks say: it is the sum of both directions.

With many calls, a peer buffers 40 ms before it plays, then takes 20 ms from that every 20 ms by the monotonic clock; a
tick for which less is there is an underrun, and what comes too late is thrown away, so one delay does not hide the next.
Behind the time, each peer babbles with pauses of its own, as callers do: the audio of 200 that say only the time, which is
the same for all, is cut in the same instant, and 400 segments are stored at once. Memory is first read a minute after
the last call began, when each has stored two segments of both tracks: before that, buffers and heap still grow to what
the load needs.

Counted: the event loop, the jitter of timers, the wait for the calls' 20 ms clock, sockets, and the generator's own
loop when it reads. "Starved" is the share of the time in which the service was ready to run and other programs had the
processors: above one or two percent, the figures are theirs. Not counted: the 20 ms that a frame lasts itself, on either side; a network; a carrier's codec.
Peer to app is to the newest 20 ms of a message; "held" is to all of them, so it holds what a message of several
waits for its own end: 1920 bytes are 60 ms, and their first 20 ms are 40 ms old by design.`;

/** The tables, as Markdown. */
function tables({ latency, latencyCalls, windowSeconds, load, record }: BenchResult): string {
  const kept = record ? 'recorded' : 'not recorded';
  const parts: string[] = [];
  if (latency.length > 0) {
    parts.push(
      `Latency added at ${latencyCalls} calls (${kept}), ms, medians of windows of ${windowSeconds} s:`,
      latencyTable(latency),
    );
  }
  if (load !== undefined) {
    parts.push(`${load.calls} calls (${kept}) with one listener each, by window:`, loadTable(load));
    parts.push(
      `Memory: ${megabytes(load.idleKb)} without calls, ${megabytes(load.startKb)} when the windows began; ${load.closedListeners} listeners were closed.`,
    );
  }
  return parts.join('\n\n');
}

function latencyTable(rows: readonly LatencyRow[]): string {
  const pair = ({ p50, p99 }: { p50: number; p99: number }): string =>
    `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
  return table(
    [
      'p50 / p99',
      'peer to app',
      'held',
      'app to peer',
      'round trip',
      'ticks',
      'sent',
      'lost',
      'generator late p99',
      'starved',
    ],
    rows.map((row) => [
      row.name,
      pair(row.toApp),
      pair(row.toAppHeld),
      pair(row.toPeer),
      pair(row.roundTrip),
      String(row.ticks),
      String(row.sent),
      String(row.lost),
      row.generatorLateMs.toFixed(1),
      `${(100 * row.starvedShare).toFixed(1)} %`,
    ]),
  );
}

function loadTable({ windows }: LoadResult): string {
  return table(
    [
      'seconds',
      'peer ticks',
      'underruns',
      'skipped',
      'listener ticks',
      'missing',
      'to listener p99',
      'loop delay p99 / max',
      'processor',
      'starved',
      'memory',
      'of it heap / buffers',
      'load average',
    ],
    windows.map((window) => [
      window.seconds.toFixed(0),
      String(window.peerTicks),
      String(window.underruns),
      String(window.skippedTicks),
      String(window.listenerTicks),
      String(window.missingTicks),
      `${window.toListenerP99Ms.toFixed(1)} ms`,
      `${window.loopDelayP99Ms.toFixed(0)} / ${window.loopDelayMaxMs.toFixed(0)} ms`,
      `${(100 * window.cpuShare).toFixed(0)} %`,
      `${(100 * window.starvedShare).toFixed(1)} %`,
      megabytes(window.residentKb),
      `${megabytes(window.heapKb)} / ${megabytes(window.externalKb)}`,
      window.loadAverage.toFixed(1),
    ]),
  );
}

const megabytes = (kb: number): string => `${(kb / 1024).toFixed(0)} MB`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---:'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The figures of which something is asked, with whether they are as good. */
function goalTable(figures: readonly Figure[]): string {
  const judged = figures.filter(({ goal }) => goal !== null);
  return table(
    ['figure', 'measured', 'goal', ''],
    judged.map(({ name, value, goal, unit }) => [
      name,
      `${value} ${unit}`,
      `${goal ?? 0} ${unit}`,
      value <= (goal ?? 0) ? 'met' : 'MISSED',
    ]),
  );
}

/** What else went on, as far as it can be told from here. */
async function circumstances(): Promise<string[]> {
  const lines = [`- load average at the end: ${loadavg()[0]?.toFixed(1)}`];
  // What a program starts inherits its priority. Where Linux shares out by sessions, it counts only inside of its own.
  const priority = getPriority();
  const group = await readFile('/proc/self/autogroup', 'utf8').catch(() => '');
  const session = /nice (-?\d+)/.exec(group)?.[1];
  if (priority < 0 || Number(session) < 0) {
    const among = session === undefined ? '' : `, their session among others: nice ${session}`;
    lines.push(`- priority of service, Redis and generator: nice ${priority}${among}`);
  }
  return lines;
}

/** Writes the report of a whole run beside the benchmark; what it returns is for the terminal. */
export async function writeBenchReport(
  result: BenchResult,
  options: { readonly figures: readonly Figure[]; readonly keep: boolean },
): Promise<string> {
  const machine = [...(await machineLines()), ...(await circumstances())];
  const body = [tables(result), 'Goals:', goalTable(options.figures), 'The machine:', machine.join('\n')];
  const text = ['# Calls under load', 'Written by `npm run bench:calls`.', HOW, ...body].join('\n\n');
  if (options.keep) await writeFile(FILE, `${text}\n`);
  return body.join('\n\n');
}
