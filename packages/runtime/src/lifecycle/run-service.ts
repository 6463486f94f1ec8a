import type { ProcessSignals } from './lifecycle.ts';

/** A service as its process sees it. */
export interface RunningService {
  start(): Promise<unknown>;
  close(): Promise<void>;
  /** Resolves when the service can no longer keep its promises: its process has to leave. */
  readonly failed?: Promise<Error>;
}

/** What running a service needs of the process; `process` itself fits. */
export interface ServiceProcess extends ProcessSignals {
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs a service until SIGTERM or SIGINT, then drains it and exits 0; a second signal exits 1 at once. A service
 * that cannot start says why in one line and exits 1.
 */
export async function runService(open: () => Promise<RunningService>, host: ServiceProcess): Promise<void> {
  try {
    const service = await open();
    let stopping = false;
    const stop = (): void => {
      if (stopping) host.exit(1);
      stopping = true;
      service.close().then(
        () => host.exit(0),
        () => host.exit(1),
      );
    };
    void service.failed?.then((error) => {
      host.stderr.write(`${error.message}\n`);
      host.exit(1);
    });
    host.on('SIGTERM', stop);
    host.on('SIGINT', stop);
    await service.start();
  } catch (error) {
    host.stderr.write(`${error instanceof Error ? error.message : 'The service could not start.'}\n`);
    host.exit(1);
  }
}
