import type { DiskCall } from '../../disk/disk-faults.ts';
import { type CrashKind, SimulatedDisk } from '../../disk/simulated-disk.ts';
import type { Random } from '../../runner/random.ts';
import type { Branch } from '../oracle/branches.ts';
import type { History } from '../oracle/history.ts';
import { Life, type Scheduler } from '../scheduler/scheduler.ts';
import { simulatedTime, WallClock } from '../scheduler/simulated-time.ts';
import type { Link } from '../world/link.ts';
import type { SimulatedStore } from '../world/object-store.ts';
import type { SimulatedIndex } from '../world/session-index.ts';
import { type Opening, SocketEdge } from './edge.ts';
import { type ServerParts, type ServerProcess, startProcess } from './server-process.ts';

/** The request or its answer was lost, or nobody was there to take it. */
export class NoAnswer extends Error {}

/** What all nodes of a run share. */
export interface NodeWorld {
  readonly scheduler: Scheduler;
  readonly store: SimulatedStore;
  readonly index: SimulatedIndex;
  readonly history: History;
  readonly parts: ServerParts;
  readonly durability: 'fsync' | 'os';
  /** Typical time of a call to a disk, ms. */
  readonly diskMs: number;
  readonly reach: (branch: Branch) => void;
}

/** Bytes that a simulated disk has room for while it is not full. */
export const DISK_BYTES = 4_000_000;

/** A machine: its disk and its clock stay while processes come and go. */
export class ServerNode {
  readonly name: string;
  readonly clock: WallClock;
  disk: SimulatedDisk;
  /** The process, once it has recovered; undefined while there is none to talk to. */
  process: ServerProcess | undefined;
  /** It takes no new connections: it is on its way out. */
  draining = false;
  /** It never comes back. */
  gone = false;
  /** Processes so far. */
  starts = 0;
  /** Told when a process has begun to recover. */
  onStart: () => void = () => undefined;
  /** Restarts wait this long at least, ms. */
  restartMs = 100;
  readonly #world: NodeWorld;
  readonly #random: Random;
  readonly #links = new Set<Link>();
  readonly #requests = new Set<() => void>();
  #life: Life | undefined;

  constructor(name: string, world: NodeWorld) {
    this.name = name;
    this.#world = world;
    this.#random = world.scheduler.fork(`node ${name}`);
    this.clock = new WallClock(world.scheduler);
    this.disk = this.#newDisk();
  }

  /** A process is running, recovered or not. */
  get running(): boolean {
    return this.#life !== undefined;
  }

  /** Begins a process; it restarts by itself whenever it leaves, until the node is gone. */
  start(): void {
    if (this.gone || this.#life !== undefined) return;
    const life = new Life(this.name);
    this.#life = life;
    this.draining = false;
    this.starts += 1;
    void this.#start(life);
    this.onStart();
  }

  /** Takes a connection; false when there is nobody to take it. */
  accept(link: Link, opening: Opening): boolean {
    const { process } = this;
    if (process === undefined || this.draining) return false;
    const { scheduler, history, reach } = this.#world;
    this.#links.add(link);
    new SocketEdge({ host: process.host, life: process.life, scheduler, history, reach }, link, opening);
    return true;
  }

  /** Handles a request; rejects when the process leaves before it has an answer. */
  handle<T>(process: ServerProcess, run: (process: ServerProcess) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new NoAnswer());
      this.#requests.add(lost);
      run(process)
        .then(resolve, reject)
        .finally(() => this.#requests.delete(lost));
    });
  }

  /** The process dies at once. With a `power` cut the disk keeps what that leaves of it, else everything written. */
  kill(power?: CrashKind): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#world.scheduler.note(`${this.name} killed ${power ?? ''}`);
    if (this.process === undefined && this.starts > 1) this.#world.reach('killed during recovery');
    this.#world.reach(power === undefined ? 'killed as a process' : 'killed by power cut');
    this.#leave(life, power !== undefined);
    if (power === undefined) return;
    this.disk = this.disk.crash(power, this.#diskOptions());
  }

  /** Kills the process just before or just after its n-th next event. */
  killAtEvent(events: number, power?: CrashKind): void {
    const life = this.#life;
    if (life === undefined) return;
    let left = events;
    life.onEvent = () => {
      left -= 1;
      if (left === 0) this.kill(power);
    };
  }

  /** The process is asked to leave in order. */
  async drain(deadlineMs: number): Promise<void> {
    const { process, draining } = this;
    if (process === undefined || draining) return;
    this.draining = true;
    this.#world.reach('drained by a signal');
    this.#world.scheduler.note(`${this.name} drains`);
    const { scheduler } = this.#world;
    scheduler.after(
      deadlineMs + 5000,
      `${this.name} killed at its deadline`,
      () => this.#leave(process.life, false),
      process.life,
    );
    try {
      await process.host.close(deadlineMs);
      await process.journal.close();
    } catch (error) {
      // A disk that fails now leaves what a crash would leave.
      scheduler.note(`${this.name} could not leave in order: ${String(error)}`);
    }
    scheduler.note(`${this.name} drained`);
    this.#leave(process.life, false);
  }

  /** The machine burns down; with a new disk it may come back as an empty node. */
  destroy(): void {
    this.#world.reach('disk destroyed');
    this.#world.history.lostDisks.add(this.name);
    const life = this.#life;
    if (life !== undefined) this.#leave(life, true);
    this.gone = true;
  }

  async #start(life: Life): Promise<void> {
    const { scheduler, store, index, parts, durability } = this.#world;
    const settings = {
      durability,
      commitMs: this.#random.between(2, 16),
      commitBytes: 4096,
      fileBytes: this.#random.between(12_288, 32_768),
      reserveBytes: 16_384,
      lowWaterBytes: 32_768,
      maxUnsyncedBytes: 65_536,
    };
    try {
      const { disk, clock } = this;
      const onFailure = (): void => {
        this.#world.reach('failed sync ended the process');
        scheduler.after(1, `${this.name} leaves`, () => this.#leave(life, false), life);
      };
      const random = this.#random;
      const process = await startProcess(
        { scheduler, store, index, disk, clock, random, settings, onFailure, parts },
        life,
      );
      if (process.recovery.tornBytes > 0) this.#world.reach('torn tail cut off at recovery');
      scheduler.note(`${this.name} is up`, process.recovery.streams.length);
      this.process = process;
    } catch (error) {
      scheduler.note(`${this.name} did not start: ${String(error)}`);
      this.#leave(life, false);
    }
  }

  /** The process is no more; its supervisor starts the next one. */
  #leave(life: Life, silent: boolean): void {
    if (life.dead) return;
    life.dead = true;
    life.diedMs = this.#world.scheduler.nowMs;
    this.#life = undefined;
    this.process = undefined;
    for (const link of this.#links) link.serverDied(silent);
    this.#links.clear();
    for (const lose of this.#requests) lose();
    this.#requests.clear();
    const wait = this.restartMs * (0.5 + this.#random.next());
    this.#world.scheduler.after(wait, `${this.name} restarts`, () => this.start());
  }

  #newDisk(): SimulatedDisk {
    return new SimulatedDisk(this.#diskOptions());
  }

  #diskOptions() {
    const { scheduler, diskMs } = this.#world;
    const random = this.#random;
    // What a dead process asked for is still done: the disk's time has no owner that dies.
    const time = simulatedTime(scheduler, new Life(`${this.name} disk`), { clock: this.clock, random });
    return {
      seed: random.between(0, 1_000_000_000),
      capacityBytes: DISK_BYTES,
      time,
      delayMs: (call: DiskCall) => {
        if (call !== 'write' && call !== 'sync' && random.chance(0.7)) return 0;
        return diskMs * (random.chance(0.03) ? 8 : 1) * (0.05 + random.next());
      },
    };
  }
}
