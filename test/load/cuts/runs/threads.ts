import { Worker } from 'node:worker_threads';

/** A module that does tasks on a thread: it answers each with an outcome, and ends when it is sent null. */
export interface ThreadOptions {
  readonly worker: URL;
  readonly threads: number;
  readonly onDone: (done: number) => void;
}

/** Does tasks on several threads; outcomes are in the order of the tasks, so that the threads change nothing. */
export async function onThreads<Outcome>(
  tasks: readonly unknown[],
  options: ThreadOptions,
): Promise<Outcome[]> {
  const outcomes = new Array<Outcome>(tasks.length);
  let next = 0;
  let done = 0;
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(options.worker);
      let current = -1;
      const proceed = (): void => {
        current = next;
        next += 1;
        worker.postMessage(tasks[current] ?? null);
      };
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      worker.on('message', (outcome: Outcome) => {
        outcomes[current] = outcome;
        done += 1;
        options.onDone(done);
        proceed();
      });
      proceed();
    });
  await Promise.all(Array.from({ length: options.threads }, runThread));
  return outcomes;
}
