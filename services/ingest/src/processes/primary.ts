import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, RunningService } from '@earshot/runtime';
import { FromProcess, type ToProcess } from './messages.ts';
import { Relay } from './relay.ts';

/** What the primary starts, and how. */
export interface PrimaryOptions {
  readonly processes: number;
  readonly log: Log;
  /** Variables of process `number`, added to those of the primary. */
  readonly environment: (number: number) => Readonly<Record<string, string>>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A process that lived so long had no trouble with its start, ms. */
const SETTLED_MS = 60_000;
/** More than the deadlines of all that a process stops, ms. */
const STOP_MS = 55_000;

/**
 * Starts several ingest processes behind one port, and those again that end by themselves. Feeds no stream itself:
 * it accepts connections, gives them out in turn, and carries messages.
 */
export function createPrimary(options: PrimaryOptions): RunningService {
  const primary = new Primary(options);
  return { start: () => primary.start(), close: () => primary.close() };
}

class Primary {
  readonly #options: PrimaryOptions;
  readonly #running = new Map<number, { worker: Worker; exited: Promise<number> }>();
  readonly #relay = new Relay();
  readonly #stop = new AbortController();

  constructor(options: PrimaryOptions) {
    this.#options = options;
  }

  /** Resolves when all processes listen; rejects when one of them cannot. */
  async start(): Promise<void> {
    cluster.schedulingPolicy = cluster.SCHED_RR;
    const numbers = Array.from({ length: this.#options.processes }, (_, index) => index + 1);
    await Promise.all(
      numbers.map(async (number) => {
        if (!(await this.#launch(number))) throw new Error(`Ingest process ${number} could not start.`);
      }),
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const all = [...this.#running.values()];
    for (const { worker } of all) tell(worker, { type: 'stop' });
    const late = setTimeout(() => {
      for (const { worker } of all) worker.process.kill('SIGKILL');
    }, STOP_MS);
    const codes = await Promise.all(all.map(({ exited }) => exited));
    clearTimeout(late);
    if (codes.some((code) => code !== 0)) throw new Error('An ingest process did not end in order.');
  }

  /** Resolves to true when the process listens, to false when it ended before; from then on it is watched. */
  async #launch(number: number): Promise<boolean> {
    const worker = cluster.fork(this.#options.environment(number));
    const exited = new Promise<number>((resolve) => {
      worker.once('exit', (code, signal) => {
        this.#running.delete(number);
        this.#relay.gone(worker);
        resolve(signal ? 1 : code);
      });
    });
    this.#running.set(number, { worker, exited });
    const ready = new Promise<true>((resolve) => {
      worker.on('message', (message: unknown, handle: unknown) => {
        const told = FromProcess.parse(message);
        this.#relay.hear(worker, told, handle);
        if (told.type === 'ready') resolve(true);
      });
    });
    // A process that ends while it is written to must not take the others with it; its exit tells enough.
    worker.on('error', () => undefined);
    if (!(await Promise.race([ready, exited.then(() => false)]))) return false;
    const readyAt = performance.now();
    void exited.then((code) => this.#ended(number, { code, livedMs: performance.now() - readyAt }));
    return true;
  }

  /** Starts a process again on its journal, as often as that takes. */
  async #ended(number: number, { code, livedMs }: { code: number; livedMs: number }): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    const { log } = this.#options;
    log.error({ process: number, code, seconds: Math.round(livedMs / 1000) }, 'an ingest process ended');
    let pauseMs = livedMs > SETTLED_MS ? FIRST_PAUSE_MS : FIRST_PAUSE_MS * 2;
    for (;;) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (isAborted(signal)) return;
      if (await this.#launch(number)) break;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      log.error({ process: number, pauseMs }, 'an ingest process could not start again');
    }
    log.warn({ process: number }, 'an ingest process is back');
  }
}

/** Asked anew: it may have happened during a pause. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

function tell(worker: Worker, message: ToProcess): void {
  if (worker.isConnected()) worker.send(message);
}
