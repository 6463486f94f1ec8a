import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { builtScript } from '../child/built-script.ts';
import { type CheckRequest, ThreadMessage, type ThreadSettings } from './silero-messages.ts';
import type { SpeechCheck, SpeechFinding } from './speech-check.ts';

export interface SileroOptions {
  /** Path of a Silero VAD v5 or v6 ONNX file; by default the one that the package @ricky0123/vad-web ships. */
  readonly modelPath?: string;
  /** Module that is loaded as onnxruntime. */
  readonly library?: string;
}

/** Why there is no speech check; a sentence for an operator. */
export interface SpeechCheckUnavailable {
  readonly unavailable: string;
}

const LIBRARY = 'onnxruntime-node';
const MODEL_PACKAGE = '@ricky0123/vad-web';
const MODEL_FILE = 'silero_vad_v6.onnx';

function packagedModel(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${MODEL_PACKAGE}/package.json`);
    return join(dirname(manifest), 'dist', MODEL_FILE);
  } catch {
    return undefined;
  }
}

type Waiting = { resolve: (finding: SpeechFinding) => void; reject: (error: Error) => void };

class SileroThread implements SpeechCheck {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended = false;

  constructor(settings: ThreadSettings) {
    this.#worker = new Worker(builtScript(new URL('./silero-thread.ts', import.meta.url)), {
      workerData: settings,
      execArgv: [],
      env: {},
    });
    this.#worker.on('message', (message: unknown) => this.#take(ThreadMessage.parse(message)));
    // An error is followed by an exit, which fails whatever waits.
    this.#worker.on('error', () => undefined);
    this.#worker.on('exit', () => this.#end());
  }

  /** True once the model is loaded; false when the thread ended instead. */
  async ready(): Promise<boolean> {
    const settled = new AbortController();
    try {
      return await Promise.race([
        once(this.#worker, 'message', { signal: settled.signal }).then(() => true),
        new Promise<boolean>((resolve) => this.#worker.once('exit', () => resolve(false))),
      ]);
    } catch {
      return false;
    } finally {
      settled.abort();
    }
  }

  check(samples: Int16Array): Promise<SpeechFinding> {
    if (this.#ended) return Promise.reject(new Error('The speech check has ended.'));
    return new Promise((resolve, reject) => {
      const request: CheckRequest = { id: this.#next, samples };
      this.#next += 1;
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: ThreadMessage): void {
    if (message.kind !== 'found' && message.kind !== 'failed') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'found') waiting?.resolve(message.finding);
    else waiting?.reject(new Error('The speech check failed on this audio.'));
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(new Error('The speech check has ended.'));
    this.#waiting.clear();
  }
}

/**
 * Silero's voice detector in a thread of its own, because its runtime blocks the thread it is called on. Looks at
 * the four loudest places first, and at every frame before it says no. Both packages it needs are optional: without
 * them the answer says what is missing.
 */
export async function createSileroSpeechCheck(
  options: SileroOptions = {},
): Promise<SpeechCheck | SpeechCheckUnavailable> {
  const library = options.library ?? LIBRARY;
  const modelPath = options.modelPath ?? packagedModel();
  if (modelPath === undefined) {
    return { unavailable: `The package ${MODEL_PACKAGE}, which ships the model, is not installed.` };
  }
  const thread = new SileroThread({ library, modelPath });
  if (await thread.ready()) return thread;
  await thread.close();
  return { unavailable: `The package ${library} is not installed, or cannot load the model.` };
}
