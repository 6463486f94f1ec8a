import { parseArgs } from 'node:util';
import { WIRES, type WireName } from './generator/wire.ts';
import { STORES, type StoreKind } from './servers/storage.ts';

/** The parts of a run, in the order in which they are measured. */
export const PARTS = [
  'streams',
  'capacity',
  'memory',
  'processes',
  'uploads',
  'long-session',
  'overhead',
  'index',
] as const;
export type Part = (typeof PARTS)[number];

/** What a run measures. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly parts: ReadonlySet<Part>;
  /** Whether the report is written: of a whole run, of a quick one only when asked for. */
  readonly keep: boolean;
  /** Undefined: MinIO where it is installed, the folder for a quick run. */
  readonly store: StoreKind | undefined;
  readonly windows: number;
  readonly windowMs: number;
  readonly streams: number;
  /** What the streams of the `streams` part carry. */
  readonly wires: readonly WireName[];
  /** Arguments of node for the measured ingest processes, such as --cpu-prof. */
  readonly nodeArgs: readonly string[];
}

const QUICK_WINDOW_MS = 1000;
const USUAL_WINDOW_MS = 5000;

const USAGE = `npm run bench -- [options]
  --quick            under three minutes: shorter windows, fewer streams and sessions, no MinIO
  --only part,part   of: ${PARTS.join(', ')}
  --streams N        live streams whose cost is measured (400; --quick 150)
  --windows N        windows of each server, alternating (5)
  --seconds N        length of a window (5; --quick 1)
  --wire wire,wire   of: ${WIRES.join(', ')} (streams)
  --store ${STORES.join('|')}   (MinIO where it is installed; --quick a folder)
  --keep             writes the report of a quick run too
  --node-arg ARG     for ingest processes, such as --cpu-prof; may be repeated`;

/** Reads the command line. Throws the usage when it makes no sense. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  const { quick } = values;
  const only = values.only?.split(',') ?? PARTS;
  const parts = new Set(PARTS.filter((part) => only.includes(part)));
  const carried = values.wire?.split(',') ?? WIRES;
  const wires = WIRES.filter((wire) => carried.includes(wire));
  if (parts.size !== new Set(only).size || wires.length !== carried.length) throw new Error(USAGE);
  const store = STORES.find((kind) => kind === values.store);
  if (values.store !== undefined && store === undefined) throw new Error(USAGE);
  const usualMs = quick ? QUICK_WINDOW_MS : USUAL_WINDOW_MS;
  return {
    quick,
    parts,
    wires,
    keep: parts.size === PARTS.length && wires.length === WIRES.length && (!quick || values.keep),
    store,
    windows: count(values.windows),
    windowMs: values.seconds === undefined ? usualMs : 1000 * count(values.seconds),
    streams: count(values.streams ?? (quick ? '150' : '400')),
    nodeArgs: values['node-arg'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        quick: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        only: { type: 'string' },
        wire: { type: 'string' },
        streams: { type: 'string' },
        windows: { type: 'string', default: '5' },
        seconds: { type: 'string' },
        store: { type: 'string' },
        'node-arg': { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch (cause) {
    throw new Error(USAGE, { cause });
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(USAGE);
  return value;
}
