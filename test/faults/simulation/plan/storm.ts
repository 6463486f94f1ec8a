import type { Random } from '../../runner/random.ts';
import type { SessionDriver } from '../clients/session-driver.ts';
import type { Cluster } from '../nodes/cluster.ts';
import { DISK_BYTES, type ServerNode } from '../nodes/server-node.ts';
import type { Branch } from '../oracle/branches.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { SimulatedStore } from '../world/object-store.ts';
import type { SimulatedIndex } from '../world/session-index.ts';
import type { PlannedFault } from './run-plan.ts';

/** What faults are done to. */
export interface StormWorld {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly cluster: Cluster;
  readonly store: SimulatedStore;
  readonly index: SimulatedIndex;
  readonly drivers: readonly SessionDriver[];
  readonly reach: (branch: Branch) => void;
}

/** Carries out the planned faults, each with its healing. */
export class Storm {
  /** Faults that took place. */
  injected = 0;
  readonly #world: StormWorld;

  constructor(world: StormWorld) {
    this.#world = world;
  }

  plan(faults: readonly PlannedFault[]): void {
    for (const fault of faults) {
      if (fault.kind === 'index-rolled-back') {
        this.#world.scheduler.after(fault.atMs * 0.7, 'index saved', () => this.#world.index.save());
      }
      this.#world.scheduler.after(fault.atMs, `fault ${fault.kind}`, () => this.#strike(fault));
    }
  }

  #strike(fault: PlannedFault): void {
    this.injected += 1;
    switch (fault.kind) {
      case 'kill':
      case 'drain':
      case 'destroy':
      case 'away':
      case 'disk-full':
      case 'disk-error':
      case 'clock':
        this.#strikeNode(fault, this.#node());
        return;
      case 'cut':
      case 'double':
        this.#strikeClient(fault);
        return;
      case 'index-away':
      case 'index-emptied':
      case 'index-rolled-back':
        this.#strikeIndex(fault);
        return;
      default:
        this.#strikeStore(fault);
    }
  }

  #strikeNode(fault: PlannedFault, node: ServerNode): void {
    const { scheduler, random, reach, cluster } = this.#world;
    switch (fault.kind) {
      case 'kill':
        if (fault.events === undefined) node.kill(fault.power);
        else node.killAtEvent(fault.events, fault.power);
        if (fault.again) this.#killSoon(node, fault);
        return;
      case 'drain':
        void node.drain(500 + fault.lastsMs);
        return;
      case 'away':
        node.restartMs = Math.max(node.restartMs, fault.lastsMs * 8);
        node.kill();
        scheduler.after(fault.lastsMs, 'restarts are quick again', () => {
          node.restartMs = 100;
        });
        return;
      case 'destroy':
        if (cluster.nodes.filter(({ gone }) => !gone).length > 1) node.destroy();
        return;
      case 'disk-full': {
        const used = node.disk.files().reduce((sum, { content }) => sum + content.length, 0);
        node.disk.capacityBytes = used + random.between(0, 3999);
        scheduler.after(fault.lastsMs, `${node.name} disk has room`, () => {
          node.disk.capacityBytes = DISK_BYTES;
          reach('disk full and healed');
        });
        return;
      }
      case 'disk-error':
        node.disk.inject({
          call: fault.call,
          nth: random.between(1, 20),
          failure: fault.failure,
          delayMs: 300,
        });
        if (fault.failure === 'short') reach('short write');
        return;
      default:
        node.clock.skewMs += (random.next() - 0.5) * 7_200_000;
        node.clock.skewMs = Math.floor(node.clock.skewMs);
        reach('wall clock jumped');
    }
  }

  /** Kills the node again while its next process recovers. */
  #killSoon(node: ServerNode, fault: PlannedFault & { kind: 'kill' }): void {
    node.onStart = () => {
      node.onStart = () => undefined;
      node.killAtEvent(this.#world.random.between(1, 25), fault.power);
    };
  }

  #strikeClient(fault: PlannedFault): void {
    const { random, drivers, reach } = this.#world;
    const { client } = random.pick(drivers);
    const { link } = client;
    if (fault.kind === 'double') client.doubleUp();
    if (fault.kind === 'double' || link === undefined) return;
    if (fault.kind === 'cut' && fault.halfOpen) {
      reach('half-open connection');
      link.halfOpen();
    } else {
      link.reset();
    }
  }

  #strikeIndex(fault: PlannedFault): void {
    const { index, scheduler, reach } = this.#world;
    if (fault.kind === 'index-emptied') {
      reach('index emptied');
      index.flush();
    } else if (fault.kind === 'index-rolled-back') {
      reach('index rolled back');
      index.rollBack();
    } else {
      reach('index away');
      const { weather } = index.remote;
      weather.down = true;
      scheduler.after(fault.lastsMs, 'index is back', () => {
        weather.down = false;
      });
    }
  }

  #strikeStore(fault: PlannedFault): void {
    const { store, scheduler, reach } = this.#world;
    const { weather } = store.remote;
    const restore = (heal: () => void): void => void scheduler.after(fault.lastsMs, 'store heals', heal);
    switch (fault.kind) {
      case 'store-away':
        reach('object store away');
        weather.down = true;
        restore(() => {
          weather.down = false;
        });
        return;
      case 'store-refusing':
        weather.refusing = 0.3;
        restore(() => {
          weather.refusing = 0;
        });
        return;
      case 'store-losing':
        weather.losingAnswers = 0.3;
        restore(() => {
          weather.losingAnswers = 0;
        });
        return;
      case 'store-garbling':
        store.garbling = 0.3;
        restore(() => {
          store.garbling = 0;
        });
        return;
      default:
        weather.latencyMs = 120;
        restore(() => {
          weather.latencyMs = 8;
        });
    }
  }

  #node(): ServerNode {
    const { cluster, random } = this.#world;
    return cluster.nodes[random.between(0, cluster.nodes.length - 1)]!;
  }
}
