import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';
import { machineLines } from '../../../faults/runner/report.ts';
import type { Ceiling } from '../runs/streams/ceiling.ts';
import type { StoreKind } from '../servers/storage.ts';
import { type Figure, type Findings, isMet } from './figures.ts';
import { table } from './table.ts';

const FILE = join(workspaceRoot, 'infra', 'benchmarks', 'ingest.md');

const HOW = `Two servers in each run, each a process of its own: a bare \`ws\` server that throws every message away, and earshot's ingest
with everything on: dialect, session, journal with fsync, segmenter with the default detector, object store. Both get the
same frames from the same generator in windows that take turns, so that what else the machine does hits both. The load
is real time: a stream sends a frame each 20 or 100 ms, streams are spread evenly over a frame's time, and as many
streams are connected to the one server while the other is measured. Before the windows each stream gets up to 13 s of audio, so that
segments are cut evenly over time.

Processor time is that of all threads of the server's process, from the kernel; ratios are medians over pairs of windows.
Redis, MinIO and the generator are not counted. "Loop late" is the 99th percentile of the event loop's lateness, the worst of 20 ms
readings. A durable ack is timed from the write of a frame to the message that covers it. Dropped frames are those sent and not
received by the server's own count; never durable those without an ack eight seconds after the end. "Starved" is the
share of the time in which the server was ready to run and other programs had the processors: above a few percent, absolute
figures and times are theirs as well; ratios of processor time suffer less.`;

/** All that a run found. */
export interface BenchResult {
  readonly command: string;
  readonly store: StoreKind;
  readonly ceiling: Ceiling | undefined;
  readonly findings: readonly Findings[];
}

/** Goals and what was measured, each figure that has a goal. */
function goalTable(figures: readonly Figure[]): string {
  return table(
    ['figure', 'measured', 'goal', ''],
    figures
      .filter(({ goal }) => goal !== null)
      .map((each) => [
        each.name,
        `${each.value} ${each.unit}`,
        `${each.better === 'lower' ? '≤' : '≥'} ${each.goal ?? 0} ${each.unit}`,
        isMet(each) ? 'met' : 'MISSED',
      ]),
  );
}

export function ceilingText(ceiling: Ceiling): string {
  const { processes, pacedStreams } = ceiling;
  return `The generator's own ceiling against a bare sink: ${processes} process${processes === 1 ? '' : 'es'}; back to back ${Math.round(ceiling.floodPerSecond)} frames a second (as many as ${Math.round(ceiling.floodStreams)} real-time streams); at ${pacedStreams} real-time streams a frame costs it ${ceiling.cpuUsPerFrame.toFixed(1)} us, so that ${Math.round(ceiling.pacedCeiling)} streams would fill it, and frames left ${ceiling.pacedLateP50Ms.toFixed(1)} ms (p50), ${ceiling.pacedLateP99Ms.toFixed(1)} ms (p99) late.`;
}

/** Writes the report beside the benchmark when it is to be kept; what it returns is for the terminal. */
export async function writeBenchReport(result: BenchResult, keep: boolean): Promise<string> {
  const figures = result.findings.flatMap((each) => each.figures);
  const leftOut = result.findings.flatMap((each) => each.leftOut);
  const machine = [
    ...(await machineLines()),
    `- ws ${versionOf('ws')}`,
    `- objects in ${result.store === 'minio' ? 'a MinIO server on this machine' : 'a local folder'}`,
    `- load average at the end: ${loadavg()[0]?.toFixed(1) ?? ''}`,
  ];
  const body = [
    ...(result.ceiling === undefined ? [] : [ceilingText(result.ceiling)]),
    '## Goals',
    goalTable(figures),
    ...(leftOut.length === 0 ? [] : ['Left out:', leftOut.map((line) => `- ${line}`).join('\n')]),
    '## Measured',
    ...result.findings.flatMap(({ text }) => text).filter((line) => line !== ''),
    '## The machine',
    machine.join('\n'),
  ];
  const head = ['# What live streams cost', `Written by \`${result.command}\`.`, HOW];
  if (keep) await writeFile(FILE, `${[...head, ...body].join('\n\n')}\n`);
  return body.join('\n\n');
}

function versionOf(library: string): string {
  const manifest: unknown = createRequire(import.meta.url)(`${library}/package.json`);
  return z.object({ version: z.string() }).parse(manifest).version;
}
