import { LIMITS } from '@earshot/protocol';
import { keys } from '@earshot/storage';
import { seededRandom } from '../runner/random.ts';
import { AudioSource } from './clients/audio-source.ts';
import type { ClientWorld } from './clients/client-world.ts';
import { SessionDriver } from './clients/session-driver.ts';
import { Cluster } from './nodes/cluster.ts';
import { type NodeWorld, ServerNode } from './nodes/server-node.ts';
import { REAL_PARTS, type ServerParts } from './nodes/server-process.ts';
import type { Branch } from './oracle/branches.ts';
import { claimOf, History, type SessionHistory, type Violation } from './oracle/history.ts';
import { excuse, judge } from './oracle/judgement.ts';
import { readManifest } from './oracle/stored-track.ts';
import { drawPlan, type PlannedSession, type RunPlan } from './plan/run-plan.ts';
import { Storm } from './plan/storm.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { Trace } from './scheduler/trace.ts';
import { SimulatedStore } from './world/object-store.ts';
import { SimulatedIndex } from './world/session-index.ts';

/** What came of one run. */
export interface SimulationResult {
  readonly seed: number;
  readonly hash: string;
  readonly injected: number;
  readonly steps: number;
  readonly virtualMs: number;
  /** Sessions that did not reach their end. */
  readonly stuck: number;
  readonly violations: readonly Violation[];
  readonly reached: ReadonlySet<Branch>;
  readonly plan: RunPlan;
  /** What happened, when it was asked for. */
  readonly lines: readonly string[];
}

export interface SimulationOptions {
  readonly seed: number;
  /** Keeps the lines of the trace. */
  readonly trace?: boolean;
  /** What happens, instead of what the seed draws. */
  readonly plan?: RunPlan;
  /** Parts to run instead of the real ones. */
  readonly parts?: Partial<ServerParts>;
}

/** Everything has to come to its end within this virtual time, ms. */
const END_MS = 600_000;
/** How long a settled run is watched, and one with an erased session: until a stream that waits for its client is over; ms. */
const AFTERMATH_MS = { usual: 2500, erased: LIMITS.streamResumeMs + 15_000 };
/** … and within this many events. */
const END_STEPS = 25_000;

/** Runs one seed: the same seed does the same, event by event. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const run = new SimulationRun(options);
  return await run.result();
}

class SimulationRun {
  readonly #seed: number;
  readonly #plan: RunPlan;
  readonly #scheduler: Scheduler;
  readonly #store: SimulatedStore;
  readonly #index: SimulatedIndex;
  readonly #history = new History();
  readonly #reached = new Set<Branch>();
  readonly #cluster: Cluster;
  readonly #drivers: SessionDriver[];
  readonly #storm: Storm;

  constructor({ seed, plan, trace = false, parts = {} }: SimulationOptions) {
    this.#seed = seed;
    this.#plan = plan ?? drawPlan(seededRandom(seed));
    const scheduler = new Scheduler(seed, new Trace(trace));
    this.#scheduler = scheduler;
    this.#store = new SimulatedStore(scheduler);
    this.#index = new SimulatedIndex(scheduler);
    const world = this.#nodeWorld({ ...REAL_PARTS, ...parts });
    const nodes = ['a', 'b', 'c'].slice(0, this.#plan.nodes).map((name) => new ServerNode(name, world));
    for (const node of nodes) node.restartMs = this.#plan.restartMs;
    this.#cluster = new Cluster(scheduler, nodes);
    this.#drivers = this.#plan.sessions.map((session, at) => this.#driver(session, at));
    this.#storm = new Storm({
      scheduler,
      random: scheduler.fork('storm'),
      cluster: this.#cluster,
      store: this.#store,
      index: this.#index,
      drivers: this.#drivers,
      reach: (branch) => this.#reached.add(branch),
    });
    const tried = new Set<string>();
    this.#store.onSegment = (key, outcome) => {
      if (outcome === 'exists') this.#reached.add('archive answer lost after it took effect');
      if (outcome !== 'tried') return;
      if (tried.has(key)) this.#reached.add('archive write tried again');
      tried.add(key);
    };
    this.#store.onCreated = (key) => this.#created(key);
    this.#store.onClaimRefused = (key, node) => this.#history.unstoredClaims.add(claimOf(key, node));
    this.#index.onForgot = () => {
      this.#history.indexForgot = true;
    };
  }

  async result(): Promise<SimulationResult> {
    const unhandled = (reason: unknown): void => this.#history.violate(undefined, 'crash', String(reason));
    process.on('unhandledRejection', unhandled);
    try {
      return await this.#run();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  }

  async #run(): Promise<SimulationResult> {
    const scheduler = this.#scheduler;
    for (const node of this.#cluster.nodes) node.start();
    this.#storm.plan(this.#plan.faults);
    const done = await scheduler.run(() => this.#settled() || scheduler.steps > END_STEPS, END_MS);
    const stuck = done && this.#settled() ? 0 : this.#stuck();
    // A little later still: nothing may change any more, and what is late has arrived.
    await scheduler.run(() => scheduler.steps > END_STEPS, scheduler.nowMs + this.#aftermathMs());
    for (const key of this.#store.objects.keys())
      if (this.#store.isLeftBehind(key)) this.#history.leftBehind.add(key);
    for (const session of this.#history.sessions) judge(this.#history, session, this.#store.objects);
    for (const session of this.#history.sessions) this.#reachEnding(session);
    for (const key of this.#store.replaced) {
      if (/\/(segments|manifest)/.test(key)) this.#history.violate(undefined, 'I6', `${key} was replaced`);
    }
    return {
      seed: this.#seed,
      hash: scheduler.trace.hash,
      injected: this.#storm.injected,
      steps: scheduler.steps,
      virtualMs: scheduler.nowMs,
      stuck,
      violations: this.#history.violations,
      reached: this.#reached,
      plan: this.#plan,
      lines: scheduler.trace.lines,
    };
  }

  #nodeWorld(parts: ServerParts): NodeWorld {
    return {
      scheduler: this.#scheduler,
      store: this.#store,
      index: this.#index,
      history: this.#history,
      parts,
      durability: this.#plan.durability,
      diskMs: this.#plan.diskMs,
      reach: (branch) => this.#reached.add(branch),
    };
  }

  #driver(planned: PlannedSession, at: number): SessionDriver {
    const session: SessionHistory = {
      ref: { tenant: 'clinic', sessionId: `ses_000000000000000${at}` },
      kind: planned.kind,
      tracks: planned.isCall ? ['inbound', 'outbound'] : ['main'],
      connections: [],
      endAnswers: [],
      ended: false,
      erased: false,
      abandoned: undefined,
    };
    this.#history.sessions.push(session);
    const scheduler = this.#scheduler;
    const world: ClientWorld = {
      scheduler,
      cluster: this.#cluster,
      random: scheduler.fork(`client ${at}`),
      history: this.#history,
      session,
      source: new AudioSource(scheduler, { ...planned, seed: (this.#seed % 1_000_003) * 31 + at }),
      reach: (branch) => this.#reached.add(branch),
    };
    const driver = new SessionDriver(world, planned.ending);
    scheduler.after(planned.startMs, 'session begins', () => void driver.run());
    return driver;
  }

  /** Notes which nodes with a session's audio were away when its manifest was written. */
  #created(key: string): void {
    if (!key.endsWith('/manifest.json')) return;
    for (const session of this.#history.sessions) {
      if (!key.includes(session.ref.sessionId)) continue;
      for (const node of this.#cluster.nodes) {
        if (node.process === undefined) this.#history.endedWithout.add(excuse(session, node.name));
      }
    }
  }

  /** Every owner has the end of its session, and no node holds audio that waits. */
  #settled(): boolean {
    if (!this.#drivers.every(({ over }) => over)) return false;
    const { objects } = this.#store;
    if (!this.#history.sessions.every(({ erased, ref }) => erased || objects.has(keys.manifest(ref))))
      return false;
    return this.#cluster.nodes.every(
      ({ gone, process }) =>
        gone || (process !== undefined && process.host.backlogBytes === 0 && process.host.liveCount === 0),
    );
  }

  #aftermathMs(): number {
    return this.#history.sessions.some(({ erased }) => erased) ? AFTERMATH_MS.erased : AFTERMATH_MS.usual;
  }

  #stuck(): number {
    const { objects } = this.#store;
    const waiting = this.#history.sessions.filter(
      ({ erased, ref }, at) => !this.#drivers[at]!.over || !(erased || objects.has(keys.manifest(ref))),
    );
    return Math.max(1, waiting.length);
  }

  #reachEnding(session: SessionHistory): void {
    const manifest = readManifest(this.#store.objects, session.ref);
    if (manifest === null) return;
    this.#reached.add(manifest.gaps.length > 0 ? 'session ended with a gap' : 'session ended without a gap');
    const brought = session.connections.filter(({ base }) => base !== undefined);
    for (const [at, later] of brought.entries()) {
      const earlier = brought[at - 1];
      if (earlier === undefined || later.base === 0) continue;
      if (earlier.node !== later.node) this.#reached.add('taken over by another node');
      else if (earlier.start === later.start) this.#reached.add('resumed on the same node');
      else this.#reached.add('resumed after recovery');
    }
  }
}
