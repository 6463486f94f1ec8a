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
  /** Mono PCM16 at 16 kHz. */
  readonly samples: Int16Array;
  readonly signal: AbortSignal;
}

/** The only name that reaches the program: nothing of the caller's does. */
const ID = 'segment';

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

async function decodeIn(folder: string, job: BatchJob): Promise<EngineWord[]> {
  const { buffer, byteOffset, byteLength } = job.samples;
  await writeFile(join(folder, `${ID}.raw`), new Uint8Array(buffer, byteOffset, byteLength));
  await writeFile(join(folder, 'list'), `${ID}\n`);
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
  return readWords(join(folder, 'words'));
}

/** The program exits 0 even when it could not read the audio; then there is no line of our id. */
async function readWords(path: string): Promise<EngineWord[]> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  for (const line of lines) {
    const words = parseHypsegLine(line, ID);
    if (words !== undefined) return words;
  }
  throw new EngineError({ kind: 'transient', cause: 'PocketSphinx wrote no result for the audio.' });
}

/** Decodes samples in one process and a private folder that is removed afterwards, whatever happens. */
export async function runBatch(job: BatchJob): Promise<EngineWord[]> {
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
