/** What the stop signal needs of a process; `process` itself fits. */
export interface SignalSource {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/** npm and a terminal both pass Ctrl-C on, so the same wish arrives twice within moments. */
const ECHO_MS = 1000;

/** Resolves at the first SIGINT or SIGTERM; another one, more than a second later, leaves at once with 1. */
export function stopSignal(source: SignalSource, clock: () => number = Date.now): Promise<string> {
  return new Promise((resolve) => {
    let first: number | undefined;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      source.on(name, () => {
        if (first === undefined) {
          first = clock();
          resolve(name);
        } else if (clock() - first > ECHO_MS) {
          source.exit(1);
        }
      });
    }
  });
}
