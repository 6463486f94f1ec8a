import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { type BenchProgram, startProgram } from './program.ts';
import type { StreamTarget } from './stream-target.ts';

const run = promisify(execFile);

/** Below this many processors a whole one for the server leaves too little for the generator. */
const PROCESSORS_FOR_ONE = 4;

/** A processor that a server has to itself, or shares evenly with a program that only spins. */
export interface ServerCore {
  /** 1, or 1/2 when it is shared. */
  readonly share: number;
  /** Keeps the server on the processor, and what it needs beside it off. */
  give(target: StreamTarget): Promise<void>;
  close(): Promise<void>;
}

/**
 * Takes the last processor for servers and keeps the generators off it. On a small machine a spinning program takes half
 * of it, so that the generator, which has the rest of the machine, can bring a server to its limit. Undefined without Linux'
 * `taskset` or a second processor.
 */
export async function openServerCore(generators: readonly number[]): Promise<ServerCore | undefined> {
  const processors = availableParallelism();
  const core = String(processors - 1);
  const others = processors === 2 ? '0' : `0-${processors - 2}`;
  if (processors < 2 || !(await pin(generators, others))) return undefined;
  const spinner = processors < PROCESSORS_FOR_ONE ? await startSpinner(core) : undefined;
  return {
    share: spinner === undefined ? 1 : 0.5,
    async give(target) {
      await pin(target.pids, core);
      await pin(target.helpers, others);
    },
    async close() {
      await spinner?.stop();
      await pin(generators, `0-${processors - 1}`);
    },
  };
}

async function startSpinner(core: string): Promise<BenchProgram> {
  const { program } = await startProgram('spinner');
  await pin([program.pid], core);
  return program;
}

/** All threads of the processes; those that they start later stay there too. */
async function pin(pids: readonly number[], processors: string): Promise<boolean> {
  try {
    for (const pid of pids)
      await run('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)]);
    return true;
  } catch {
    return false;
  }
}
