import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { workspaceRoot } from '../processes/workspace.ts';
import type { FaultClass } from './fault-class.ts';
import { FaultRow } from './fault-row.ts';
import { passed } from './runner.ts';

const FILE = join(workspaceRoot, 'test', 'faults', 'report.md');
/** The rows as data, so that a later run of other classes can be added. */
const DATA = /<!-- rows\n([\s\S]*?)\n-->/;

/** The one line of JSON that a run ends with; classes that could not run are left out. */
export function figuresLine(rows: readonly FaultRow[]): string {
  const faults = rows.flatMap(({ outcome }) => {
    if (outcome.kind !== 'ran') return [];
    const { class: name, injected, samplesLost, samplesDoubled, stuck, falseAcks } = outcome.figures;
    return [{ class: name, injected, samplesLost, samplesDoubled, stuck, falseAcks }];
  });
  return JSON.stringify({ faults });
}

/** A Markdown table, one line a class. */
export function table(rows: readonly FaultRow[]): string {
  const head = ['class', 'injected', 'lost', 'doubled', 'stuck', 'false acks', 'seconds', 'seed', 'date', ''];
  const lines = [head, head.map((_, column) => (column > 0 && column < 7 ? '---:' : '---'))];
  for (const row of rows) lines.push(cells(row));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}

function cells(row: FaultRow): string[] {
  const { outcome, asked } = row;
  const tail = [row.seconds.toFixed(1), String(row.seed), row.date];
  if (outcome.kind !== 'ran') {
    const why = outcome.kind === 'skipped' ? 'skipped' : 'could not run';
    return [row.class, '-', '-', '-', '-', '-', ...tail, `${why}: ${outcome.reason.split('\n')[0] ?? ''}`];
  }
  const { injected, samplesLost, samplesDoubled, stuck, falseAcks } = outcome.figures;
  const counts = [injected, samplesLost, samplesDoubled, stuck, falseAcks].map(String);
  const verdict = passed(row) ? 'passed' : injected < asked ? `FAILED (${asked} asked)` : 'FAILED';
  return [row.class, ...counts, ...tail, verdict];
}

/**
 * What the next report shows: rows of the other share stay as they were, and with `merge` those of classes that were not
 * run now. In the order of the classes.
 */
export function keepRows(
  earlier: readonly FaultRow[],
  rows: readonly FaultRow[],
  options: { readonly classes: readonly FaultClass[]; readonly full: boolean; readonly merge: boolean },
): FaultRow[] {
  const now = options.full ? 'full' : 'ci';
  return options.classes.flatMap(({ name }) =>
    (['full', 'ci'] as const).flatMap((share) => {
      const matches = (each: FaultRow): boolean => each.class === name && each.share === share;
      const kept = share === now && !options.merge ? undefined : earlier.find(matches);
      return rows.find(matches) ?? kept ?? [];
    }),
  );
}

/** Rows of the report file; none when there is no file yet, or one of another form. */
export async function readReport(file = FILE): Promise<FaultRow[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, data] = DATA.exec(text) ?? [];
  return data === undefined ? [] : (z.array(FaultRow).safeParse(JSON.parse(data)).data ?? []);
}

export async function writeReport(rows: readonly FaultRow[], file = FILE): Promise<void> {
  const notes = rows.flatMap(({ class: name, share, outcome }) =>
    outcome.kind === 'ran' && outcome.figures.notes !== undefined
      ? [`- ${name}, ${share}: ${outcome.figures.notes}`]
      : [],
  );
  const machine = await machineLines();
  const text = [
    '# Fault report',
    '',
    'Written by `npm run faults` and `npm run faults:full`. Every session carries computed audio, so each lost, doubled or',
    'misplaced sample shows; a class passes with 0 in all four columns. `--only class --seed S` repeats a row.',
    '',
    ...shareSection('The full run', rows, 'full'),
    ...shareSection("CI's share", rows, 'ci'),
    '## What was measured on the way',
    '',
    ...notes,
    '',
    '## The machine',
    '',
    ...machine,
    '',
    `<!-- rows\n${JSON.stringify(rows).replaceAll('-->', '')}\n-->`,
    '',
  ].join('\n');
  await writeFile(file, text);
}

function shareSection(title: string, rows: readonly FaultRow[], share: FaultRow['share']): string[] {
  const own = rows.filter((row) => row.share === share);
  return own.length === 0 ? [] : [`## ${title}`, '', table(own), ''];
}

/** What a report says of where it was made, as lines of a Markdown list. */
export async function machineLines(): Promise<string[]> {
  const processors = cpus();
  return [
    `- ${processors.length} processors (${processors[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 1e9)} GB of memory, ${type()} ${release()}`,
    `- Node ${process.version}`,
    `- ${await firstLine('redis-server', ['--version'])}`,
    `- commit ${await firstLine('git', ['-C', workspaceRoot, 'rev-parse', '--short', 'HEAD'])}`,
  ];
}

async function firstLine(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args]).catch(() => ({ stdout: '' }));
  return stdout.split('\n')[0] || `${command}: not found`;
}
