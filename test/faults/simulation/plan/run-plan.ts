import type { CrashKind } from '../../disk/simulated-disk.ts';
import type { Random } from '../../runner/random.ts';
import type { EndingPlan } from '../clients/session-driver.ts';

/** One thing that goes wrong, at a time after the start, ms. */
export type PlannedFault = { readonly atMs: number; readonly lastsMs: number } & (
  | {
      readonly kind: 'kill';
      readonly power: CrashKind | undefined;
      readonly events: number | undefined;
      readonly again: boolean;
    }
  | { readonly kind: 'drain' | 'destroy' | 'away' | 'disk-full' | 'clock' }
  | {
      readonly kind: 'disk-error';
      readonly call: 'write' | 'sync' | 'any';
      readonly failure: 'EIO' | 'ENOSPC' | 'short' | 'slow';
    }
  | { readonly kind: 'cut'; readonly halfOpen: boolean }
  | { readonly kind: 'double' }
  | { readonly kind: 'store-away' | 'store-refusing' | 'store-losing' | 'store-garbling' | 'store-slow' }
  | { readonly kind: 'index-away' | 'index-emptied' | 'index-rolled-back' }
);

export interface PlannedSession {
  readonly kind: 'acknowledged' | 'plain' | 'http';
  /** A telephone call with a track for each side; plain clients only. */
  readonly isCall: boolean;
  readonly startMs: number;
  readonly totalSamples: number;
  readonly frameSamples: number;
  readonly pace: number;
  readonly ending: EndingPlan;
}

/** Everything that chance decides beforehand. */
export interface RunPlan {
  readonly nodes: number;
  readonly durability: 'fsync' | 'os';
  readonly diskMs: number;
  readonly sessions: readonly PlannedSession[];
  readonly faults: readonly PlannedFault[];
  readonly restartMs: number;
}

/** Faults come within this time; from then on everything heals. */
const STORM_MS = 4000;

const KINDS = [
  'kill',
  'kill',
  'kill',
  'drain',
  'destroy',
  'away',
  'disk-full',
  'clock',
  'disk-error',
  'cut',
  'cut',
  'double',
  'store-away',
  'store-refusing',
  'store-losing',
  'store-garbling',
  'store-slow',
  'index-away',
  'index-emptied',
  'index-rolled-back',
] as const;

/** Draws a run: each allows only some kinds of faults, so that some runs have many of one kind. */
export function drawPlan(random: Random): RunPlan {
  const durability = random.chance(0.8) ? 'fsync' : 'os';
  const sessions = Array.from({ length: 1 + random.pick([0, 0, 0, 1, 1, 2]) }, () => drawSession(random));
  const allowed = Array.from({ length: random.between(1, 5) }, () => random.pick(KINDS));
  const count = random.chance(0.05) ? 0 : random.between(1, 7);
  return {
    nodes: 1 + random.pick([0, 0, 1, 1, 2]),
    durability,
    diskMs: 0.05 + 3 * random.next() ** 2,
    sessions,
    restartMs: 20 + 2000 * random.next() ** 2,
    faults: Array.from({ length: count }, () => drawFault(random, random.pick(allowed), durability)),
  };
}

function drawSession(random: Random): PlannedSession {
  const totalSamples = random.between(600, 4600);
  const frameSamples = 80 * random.between(1, 7);
  const pace = 0.2 + 1.8 * random.next();
  const lengthMs = totalSamples / 8 / pace;
  const kind = random.pick(['acknowledged', 'acknowledged', 'acknowledged', 'plain', 'http'] as const);
  return {
    kind,
    isCall: kind === 'plain' && random.chance(0.4),
    startMs: random.between(50, 600),
    totalSamples,
    frameSamples,
    pace,
    ending: {
      atMs: random.chance(0.3) ? lengthMs * random.next() : undefined,
      parallel: random.chance(0.25) ? random.between(2, 4) : 1,
      eraseAtMs: random.chance(0.04) ? lengthMs * 2 * random.next() : undefined,
    },
  };
}

function drawFault(random: Random, kind: (typeof KINDS)[number], durability: 'fsync' | 'os'): PlannedFault {
  const atMs = 100 + STORM_MS * random.next();
  const lastsMs = 5000 * random.next() ** 2;
  const when = { atMs, lastsMs };
  switch (kind) {
    case 'kill':
      return {
        ...when,
        kind,
        power:
          durability === 'fsync' && random.chance(0.6)
            ? random.pick(['none', 'all', 'prefix', 'subset'] as const)
            : undefined,
        events: random.chance(0.5) ? random.between(1, 60) : undefined,
        again: random.chance(0.3),
      };
    case 'disk-error':
      return {
        ...when,
        kind,
        call: random.pick(['write', 'sync', 'any'] as const),
        failure: random.pick(['EIO', 'ENOSPC', 'short', 'slow'] as const),
      };
    case 'cut':
      return { ...when, kind, halfOpen: random.chance(0.4) };
    default:
      return { ...when, kind };
  }
}
