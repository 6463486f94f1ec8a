import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { builtScript } from '../../child/built-script.ts';
import { describeExit } from '../../child/child-process.ts';
import { EngineError } from '../../engine/engine-error.ts';
import { ChildMessage, type PoolMessage } from './messages.ts';
import type { RecognizerConfig } from './model-config.ts';

export interface RecognizerOptions {
  readonly config: RecognizerConfig;
  /** Module that is loaded as sherpa-onnx. */
  readonly library: string;
}

const UNREADY = {
  library: 'The package sherpa-onnx-node is not installed, or has no binary for this machine.',
  model: 'The model files cannot be loaded: are they complete, and of one release?',
} as const;

/**
 * One process with the model loaded. It decodes one piece of audio at a time; native code can neither be cancelled
 * nor trusted not to end the process, so a job that must stop takes its process with it.
 */
export class RecognizerChild {
  readonly #child: ChildProcess;
  /** Resolves with "exit 1" or "signal SIGKILL" once the process is gone. */
  readonly gone: Promise<string>;
  #alive = true;

  constructor(options: RecognizerOptions) {
    this.#child = fork(builtScript(new URL('./sherpa-child.ts', import.meta.url)), [], {
      serialization: 'advanced',
      execArgv: [],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.gone = new Promise((resolve) => {
      this.#child.once('error', () => resolve('never started'));
      this.#child.once('exit', (code, signal) => resolve(describeExit({ code, signal })));
    });
    void this.gone.then(() => {
      this.#alive = false;
    });
    this.#send({ kind: 'load', library: options.library, config: options.config });
  }

  get alive(): boolean {
    return this.#alive;
  }

  #send(message: PoolMessage): void {
    // A process that is gone cannot be told anything; `gone` reports it.
    this.#child.send(message, () => undefined);
  }

  /** The next message, or how the process ended instead; an abort ends it. */
  async #next(signal: AbortSignal): Promise<ChildMessage | string> {
    const listening = new AbortController();
    const message = once(this.#child, 'message', { signal: listening.signal }).then(
      ([value]) => ChildMessage.parse(value),
      () => this.gone,
    );
    const onAbort = (): void => {
      this.#child.kill('SIGKILL');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([message, this.gone]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      listening.abort();
    }
  }

  /** Resolves when the model is loaded and has decoded a probe; rejects with EngineError. */
  async ready(signal: AbortSignal): Promise<void> {
    const message = await this.#next(signal);
    if (signal.aborted) throw new EngineError({ kind: 'aborted' });
    if (typeof message === 'string') {
      // The library ends the whole process on a wrong tokens file.
      const cause = `${UNREADY.model} The process ended (${message}).`;
      throw new EngineError({ kind: 'misconfigured', cause });
    }
    if (message.kind === 'ready') return;
    await this.kill();
    const cause = message.kind === 'unready' ? UNREADY[message.what] : UNREADY.model;
    throw new EngineError({ kind: 'misconfigured', cause });
  }

  /** sherpa-onnx's own result object. The process is gone after an abort or a crash. */
  async decode(samples: Int16Array, signal: AbortSignal): Promise<unknown> {
    this.#send({ kind: 'decode', samples });
    const message = await this.#next(signal);
    if (signal.aborted && typeof message === 'string') throw new EngineError({ kind: 'aborted' });
    if (typeof message === 'string') throw new EngineError({ kind: 'crashed', exit: message });
    if (message.kind === 'result') return message.result;
    throw new EngineError({ kind: 'rejected', cause: 'The engine could not decode the audio.' });
  }

  /** Ends the process at once; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.gone;
  }
}
