import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { RecordingKind } from '@earshot/protocol';
import type { Setting } from '../setting.ts';
import { chosenCall, type LineOptions, whenThere } from './chosen-call.ts';

/** Prints the recordings of a call, one a line. */
export async function listRecordings(setting: Setting, id: string, options: LineOptions): Promise<void> {
  const { client, name } = await chosenCall(setting, id, options);
  for (const recording of await client.recordings(name)) {
    const { recordingId, kind, durationMs, sizeBytes, expiresAt } = recording;
    const kept = expiresAt === null ? 'kept' : `until ${expiresAt}`;
    const seconds = (durationMs / 1000).toFixed(1);
    setting.stdout.write(`${recordingId}  ${kind.padEnd(8)}  ${seconds} s  ${sizeBytes} bytes  ${kept}\n`);
  }
}

export interface RecordOptions extends LineOptions {
  readonly kind: RecordingKind;
  readonly out?: string;
  readonly timeout: number;
}

/** Waits until a call's recording is made, downloads it and compares it with the server's checksum. */
export async function saveRecording(setting: Setting, id: string, options: RecordOptions): Promise<void> {
  const { client, name } = await chosenCall(setting, id, options);
  const { kind, timeout } = options;
  const recording = await whenThere(
    async () => (await client.recordings(name)).find((file) => file.kind === kind),
    timeout,
    `There is no ${kind} recording after ${timeout} s. They are made when a call that is recorded has ended.`,
  );
  const file = options.out ?? `${recording.callId}-${kind}.wav`;
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const piece of client.download(recording)) {
      hash.update(piece);
      yield piece;
    }
  }
  await pipeline(hashed(), createWriteStream(file));
  if (hash.digest('hex') !== recording.sha256) {
    throw new Error(`${file} is not what the server has: its checksum differs.`);
  }
  setting.stderr.write(`${(recording.durationMs / 1000).toFixed(1)} s in ${file}\n`);
}
