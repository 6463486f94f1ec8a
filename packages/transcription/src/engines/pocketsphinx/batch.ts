import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChildExit, describeExit, startChild } from '../../child/child-process.ts';
import { createScratchFolder } from '../../child/scratch-folder.ts';
import type { EngineWord } from '../../engine/engine.ts';
import { EngineError, throwIfAborted } from '../../engine/engine-error.ts';
import { parseHypsegLine } from './hypseg.ts';
import { modelFiles } from './installation.ts';

export interface BatchJob {
  readonly binary: string;
  readonly modelDir: string;
  readonly tempDir: string | undefined;
  readonly timeoutMs: number;
  /** Mono PCM16 at 16 kHz; each is decoded as if there were no other. */
  readonly utterances: readonly Int16Array[];
  readonly signal: AbortSignal;
}

/** The only names that reach the program: nothing of the caller's does. */
const idOf = (index: number): string => `utterance-${index}`;

/**
 * Options of the decoder. Without `-remove_silence no` word times count in audio whose silence was taken out; the
 * two beams save a third of the CPU time at the same accuracy; the input has no header (`-adchdr 0`).
 */
function batchArguments(modelDir: string, folder: string): string[] {
  const model = modelFiles(modelDir);
  const settings: readonly (readonly [string, string])[] = [
    ['-hmm', model.acoustic],
    ['-lm', model.language],
    ['-dict', model.dictionary],
    ['-adcin', 'yes'],
    ['-adchdr', '0'],
    ['-samprate', '16000'],
    ['-remove_silence', 'no'],
    ['-maxhmmpf', '5000'],
    ['-maxwpf', '20'],
    ['-cepdir', folder],
    ['-cepext', '.raw'],
    ['-ctl', join(folder, 'list')],
    ['-hypseg', join(folder, 'words')],
    ['-logfn', join(folder, 'log')],
  ];
  return settings.flat();
}

function failureOf(exit: ChildExit): EngineError | undefined {
  if (exit.stoppedBy === 'abort') return new EngineError({ kind: 'aborted' });
  if (exit.stoppedBy === 'timeout') {
    return new EngineError({ kind: 'transient', cause: 'PocketSphinx took longer than its time limit.' });
  }
  if (exit.code === 0) return undefined;
  return new EngineError({ kind: 'crashed', exit: describeExit(exit) });
}

async function writeAudio(folder: string, utterances: readonly Int16Array[]): Promise<void> {
  for (const [index, { buffer, byteOffset, byteLength }] of utterances.entries()) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    await writeFile(join(folder, `${idOf(index)}.raw`), bytes);
  }
  const list = utterances.map((_, index) => `${idOf(index)}\n`);
  await writeFile(join(folder, 'list'), list.join(''));
}

async function decodeIn(folder: string, job: BatchJob): Promise<EngineWord[][]> {
  await writeAudio(folder, job.utterances);
  throwIfAborted(job.signal);
  const child = startChild({
    command: job.binary,
    args: batchArguments(job.modelDir, folder),
    cwd: folder,
    timeoutMs: job.timeoutMs,
    signal: job.signal,
  });
  child.stdin.end();
  child.stdout.resume();
  const exit = await child.exit.catch((cause: unknown) => {
    const sentence = `The program ${job.binary} cannot be started: install the package pocketsphinx.`;
    throw new EngineError({ kind: 'misconfigured', cause: sentence }, { cause });
  });
  const failure = failureOf(exit);
  if (failure !== undefined) throw failure;
  return readWords(join(folder, 'words'), job.utterances.length);
}

/** The program exits 0 even when it could not read some audio; then there is no line of that id. */
async function readWords(path: string, count: number): Promise<EngineWord[][]> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  return Array.from({ length: count }, (_, index) => {
    const id = idOf(index);
    const words = parseHypsegLine(lines.find((line) => line.startsWith(`${id} `)) ?? '', id);
    if (words !== undefined) return words;
    throw new EngineError({ kind: 'transient', cause: 'PocketSphinx wrote no result for the audio.' });
  });
}

/**
 * Decodes utterances in one process and a private folder that is removed afterwards, whatever happens. Resolves with
 * the words of each, in their order.
 */
export async function runBatch(job: BatchJob): Promise<EngineWord[][]> {
  const scratch = await createScratchFolder(job.tempDir).catch((cause: unknown) => {
    throw new EngineError({ kind: 'transient', cause: 'No temporary folder can be made.' }, { cause });
  });
  try {
    return await decodeIn(scratch.path, job);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError({ kind: 'transient', cause: 'PocketSphinx could not be run.' }, { cause: error });
  } finally {
    await scratch.remove();
  }
}
