import type { Log } from '../log/log.ts';

/** What the lifecycle needs of a process; `process` itself fits. */
export interface ProcessSignals {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

interface Step {
  readonly name: string;
  readonly stop: () => void | Promise<void>;
  readonly deadlineMs: number;
}

/** The ordered shutdown of one process. */
export interface Lifecycle {
  /** Registers what to stop, in start order; steps run in reverse, each at most `deadlineMs`. */
  onStop(name: string, stop: () => void | Promise<void>, deadlineMs: number): void;
  /** Runs every step once, whoever asks and however often; true when all ended well and in time. */
  stop(reason: string): Promise<boolean>;
  /** Aborts when stopping begins. */
  readonly signal: AbortSignal;
  /** Stops on the first SIGTERM or SIGINT and exits 0 (1 when a step failed); a second signal exits 1 at once. */
  handleSignals(process: ProcessSignals): void;
}

async function runStep(step: Step, log: Log): Promise<boolean> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), step.deadlineMs);
  });
  try {
    const outcome = await Promise.race([Promise.resolve(step.stop()), deadline]);
    const ms = Math.round(performance.now() - startedAt);
    if (outcome === 'late') log.error({ step: step.name, ms }, 'stop step missed its deadline');
    else log.debug({ step: step.name, ms }, 'stop step done');
    return outcome !== 'late';
  } catch (error) {
    log.error({ step: step.name, err: error }, 'stop step failed');
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Creates the shutdown list of a process: what was started last is stopped first. */
export function createLifecycle(log: Log): Lifecycle {
  const steps: Step[] = [];
  const controller = new AbortController();
  let stopping: Promise<boolean> | undefined;

  async function runAll(reason: string): Promise<boolean> {
    log.info({ reason, steps: steps.length }, 'stopping');
    controller.abort();
    let clean = true;
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      clean = (await runStep(step, log)) && clean;
    }
    log.info({ clean }, 'stopped');
    return clean;
  }

  const stop = (reason: string): Promise<boolean> => (stopping ??= runAll(reason));

  function handleSignals(process: ProcessSignals): void {
    const onSignal = (name: 'SIGTERM' | 'SIGINT') => () => {
      if (stopping !== undefined) {
        log.warn({ signal: name }, 'second signal, leaving at once');
        process.exit(1);
        return;
      }
      void stop(name).then((clean) => process.exit(clean ? 0 : 1));
    };
    process.on('SIGTERM', onSignal('SIGTERM'));
    process.on('SIGINT', onSignal('SIGINT'));
  }

  return {
    onStop: (name, fn, deadlineMs) => void steps.push({ name, stop: fn, deadlineMs }),
    stop,
    signal: controller.signal,
    handleSignals,
  };
}
