import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from '@earshot/test-support';
import { DriverPromises } from './driver-lines.ts';

export interface DriverOptions {
  readonly folder: string;
  readonly seed: number;
  /** 0 for no end. */
  readonly appends: number;
  /** A program to run the driver under, with its arguments. */
  readonly under?: readonly string[];
  /** What an earlier driver of the folder has promised: it still holds. */
  readonly promises?: DriverPromises;
}

/** A journal driver as a child process, with everything it has promised so far. */
export class DriverProcess {
  readonly promises: DriverPromises;
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  #errors = '';
  readonly #killNow = (): void => this.#signal('SIGKILL');

  constructor({ folder, seed, appends, under = [], promises = new DriverPromises() }: DriverOptions) {
    this.promises = promises;
    promises.ready = false;
    const program = fileURLToPath(new URL('../journal-driver.js', import.meta.url));
    const [command, ...args] = [...under, process.execPath, program, folder, String(seed), String(appends)];
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: a driver outlives the program it runs under unless it is killed with it.
      detached: true,
      // One thread for files, because strace counts calls by thread.
      env: { PATH: process.env['PATH'], UV_USE_IO_URING: '0', UV_THREADPOOL_SIZE: '1' },
    });
    process.once('exit', this.#killNow);
    this.#child.stdout?.on('data', (text: Buffer) => this.promises.hear(text.toString('latin1')));
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-2_000);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => resolve(code ?? -1));
      this.#child.once('error', () => resolve(-1));
    });
  }

  /** The end of what it wrote to its error output. */
  get errors(): string {
    return this.#errors.trim();
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async ready(): Promise<void> {
    const gone = this.exited.then((code) => {
      throw new Error(`the driver exited with ${code} before it was ready: ${this.errors}`);
    });
    await Promise.race([until(() => this.promises.ready, { timeoutMs: 20_000, intervalMs: 5 }), gone]);
  }

  /** Stops every thread of the process, waits until none is inside a system call, and hears what it has said. */
  async freeze(): Promise<void> {
    this.#signal('SIGSTOP');
    while (this.running && !(await this.#allStopped())) await sleep(1);
    await nextTurn();
    await nextTurn();
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async kill(): Promise<void> {
    process.off('exit', this.#killNow);
    this.#signal('SIGKILL');
    await this.exited;
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || !this.running) return;
    process.kill(-pid, signal);
  }

  async #allStopped(): Promise<boolean> {
    const tasks = `/proc/${this.#child.pid ?? 0}/task`;
    const threads = await readdir(tasks).catch(() => []);
    const states = await Promise.all(
      threads.map(async (thread) => {
        const stat = await readFile(`${tasks}/${thread}/stat`, 'latin1').catch(() => ') T');
        return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
      }),
    );
    return states.every((state) => state === 'T' || state === 't');
  }
}
