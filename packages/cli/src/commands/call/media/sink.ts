import { LIMITS } from '@earshot/protocol';
import { createWavFile, pcmBytes } from '../../../audio/wav-file.ts';
import type { Setting } from '../../setting.ts';

/** Where a call's audio goes. */
export interface Sink {
  /** The file, if it is one. */
  readonly name: string | undefined;
  write(samples: Int16Array): Promise<void>;
  finish(): Promise<void>;
}

/** A WAV file, or with `raw` bytes of PCM16LE on standard output. */
export async function openSink(
  { stdout }: Setting,
  { out, raw }: { readonly out?: string; readonly raw?: boolean },
  otherwise: string,
): Promise<Sink> {
  if (raw !== true) {
    const name = out ?? otherwise;
    return { name, ...(await createWavFile(name, LIMITS.callSampleRate)) };
  }
  return {
    name: undefined,
    write: (samples) =>
      new Promise((resolve, reject) => {
        stdout.write(pcmBytes(samples), (error) => (error instanceof Error ? reject(error) : resolve()));
      }),
    finish: () => Promise.resolve(),
  };
}
