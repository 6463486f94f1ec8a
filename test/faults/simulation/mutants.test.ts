import { createIntakeHost, type IntakeFrame, type IntakeHost } from '@earshot/intake';
import { type Journal, type JournalStream, openJournal } from '@earshot/journal';
import { EarshotError } from '@earshot/protocol';
import { createSessions } from '@earshot/sessions';
import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../runner/random.ts';
import type { ServerParts } from './nodes/server-process.ts';
import type { PlannedFault, RunPlan } from './plan/run-plan.ts';
import { type SimulationResult, simulate } from './simulation.ts';

/** Runs that a mutant gets to be caught in. */
const RUNS = 30;

const kill = (atMs: number, power?: 'subset'): PlannedFault => ({
  kind: 'kill',
  atMs,
  lastsMs: 0,
  power,
  events: undefined,
  again: false,
});

/** One acknowledged stream on a node or two, with the given faults at random times while it runs. */
function planOf(
  seed: number,
  options: { nodes?: number; faults: (atMs: number) => PlannedFault[] },
): RunPlan {
  const random = seededRandom(seed);
  return {
    nodes: options.nodes ?? 1,
    durability: 'fsync',
    diskMs: 1,
    restartMs: 60,
    sessions: [
      {
        kind: 'acknowledged',
        isCall: false,
        startMs: 50,
        totalSamples: 4000,
        frameSamples: 160,
        pace: 1,
        ending: { atMs: undefined, parallel: 1, eraseAtMs: undefined },
      },
    ],
    faults: options.faults(150 + 450 * random.next()),
  };
}

/** The first run of many in which a promise is broken. */
async function caught(
  parts: Partial<ServerParts>,
  options: Parameters<typeof planOf>[1],
): Promise<SimulationResult | undefined> {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const result = await simulate({ seed, plan: planOf(seed, options), parts });
    if (result.violations.length > 0 || result.stuck > 0) return result;
  }
  return undefined;
}

const rules = (result: SimulationResult | undefined): string[] => [
  ...new Set(result?.violations.map(({ rule }) => rule)),
];

/** A journal whose streams are changed a little. */
function withStreams(change: (stream: JournalStream) => Partial<JournalStream>): ServerParts['openJournal'] {
  return async (deps) => {
    const { journal, recovery } = await openJournal(deps);
    const changed = new Map<JournalStream, JournalStream>();
    const of = (stream: JournalStream): JournalStream => {
      const known = changed.get(stream) ?? proxied(stream, change(stream));
      changed.set(stream, known);
      return known;
    };
    const wrapped: Partial<Journal> = {
      stream: (ref) => of(journal.stream(ref)),
      onCommit: (listener) => journal.onCommit((streams) => listener(new Set([...streams].map(of)))),
    };
    const streams = recovery.streams.map((each) => ({ ...each, stream: of(each.stream) }));
    return { journal: proxied(journal, wrapped), recovery: { ...recovery, streams } };
  };
}

/** An object with some members replaced; the others keep their own `this`. */
function proxied<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(_target, name) {
      const source = name in replaced ? replaced : target;
      const member: unknown = Reflect.get(source, name, source);
      const own: unknown = typeof member === 'function' ? member.bind(source) : member;
      return own;
    },
  });
}

const crashes = { faults: (atMs: number) => [kill(atMs, 'subset'), kill(atMs + 150, 'subset')] };

describe('a part that breaks a rule is caught', () => {
  it('though not the real ones', async () => {
    expect(await caught({}, crashes)).toBeUndefined();
  });

  it('when it acknowledges before the disk has synced', async () => {
    const early: ServerParts['openJournal'] = async (deps) => {
      const { journal, recovery } = await withStreams((stream) => ({
        durable: (track) => stream.end(track),
      }))(deps);
      return { journal: proxied(journal, { whenDurable: () => Promise.resolve() }), recovery };
    };
    expect(rules(await caught({ openJournal: early }, crashes)).join()).toMatch(/I[14]/);
  });

  it('when its disk says that it has synced, and has not', async () => {
    const lying: ServerParts['openJournal'] = async (deps) => {
      const lie = async <T extends { sync(): Promise<void> }>(file: Promise<T>): Promise<T> =>
        proxied(await file, { sync: () => Promise.resolve() } as Partial<T>);
      const disk = proxied(deps.disk, {
        create: (name) => lie(deps.disk.create(name)),
        open: (name) => lie(deps.disk.open(name)),
      });
      return await openJournal({ ...deps, disk });
    };
    expect(await caught({ openJournal: lying }, crashes)).toBeDefined();
  });

  it('when a segment that the store refused counts as stored', async () => {
    const careless: ServerParts['createIntakeHost'] = (deps) => {
      const put: typeof deps.store.put = async (key, body, options) =>
        await deps.store.put(key, body, options).catch(() => 'created' as const);
      return createIntakeHost({ ...deps, store: proxied(deps.store, { put }) });
    };
    const faults = (atMs: number): PlannedFault[] => [{ kind: 'store-refusing', atMs, lastsMs: 1500 }];
    expect(rules(await caught({ createIntakeHost: careless }, { faults }))).toContain('I1');
  });

  it('when a restart forgets what the journal holds', async () => {
    const forgetful: ServerParts['openJournal'] = async (deps) => {
      const { journal, recovery } = await openJournal(deps);
      return { journal, recovery: { ...recovery, streams: [] } };
    };
    expect(await caught({ openJournal: forgetful }, crashes)).toBeDefined();
  });

  it('when an older connection may write behind a newer one', async () => {
    const unfenced: ServerParts['createIntakeHost'] = (deps) => {
      const host = createIntakeHost(deps);
      const late: IntakeFrame[] = [];
      const open: IntakeHost['open'] = async (ref, options) => {
        const connection = await host.open(ref, options);
        for (const frame of late.splice(0)) connection.write(frame);
        const write = (frame: IntakeFrame): void => {
          try {
            connection.write(frame);
          } catch (error) {
            if (!(error instanceof EarshotError) || error.code !== 'stream_superseded') throw error;
            late.push(frame);
          }
        };
        return proxied(connection, { write });
      };
      return proxied(host, { open });
    };
    const faults = (atMs: number): PlannedFault[] => [{ kind: 'double', atMs, lastsMs: 0 }];
    expect(rules(await caught({ createIntakeHost: unfenced }, { faults }))).toContain('I5');
  });

  it('when End does not look for streams that are live', async () => {
    const blind: ServerParts['createSessions'] = (context) =>
      createSessions({
        ...context,
        index: proxied(context.index, { liveStream: () => Promise.resolve(null) }),
        truth: proxied(context.truth, { listClaims: () => Promise.resolve([]) }),
      });
    const faults = (): PlannedFault[] => [{ kind: 'store-slow', atMs: 100, lastsMs: 4000 }];
    expect(await caught({ createSessions: blind }, { faults })).toBeDefined();
  });

  it('when an emptied index gives an epoch again although the store was there to tell', async () => {
    const unclaimed: ServerParts['createSessions'] = (context) => {
      const createClaim = (): Promise<'created'> => Promise.resolve('created');
      return createSessions({ ...context, truth: proxied(context.truth, { createClaim }) });
    };
    const faults = (atMs: number): PlannedFault[] => [
      { kind: 'index-emptied', atMs, lastsMs: 0 },
      { kind: 'double', atMs: atMs + 5, lastsMs: 0 },
    ];
    const seen = new Set<string>();
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const plan = planOf(seed, { nodes: 2, faults });
      for (const rule of rules(await simulate({ seed, plan, parts: { createSessions: unclaimed } })))
        seen.add(rule);
    }
    expect([...seen]).toContain('I5');
  });
});
