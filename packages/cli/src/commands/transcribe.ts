import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EarshotClient, TranscriptFormat } from '@earshot/client';
import type { SessionFinished } from '@earshot/protocol';
import { createProgress, type Progress } from '../terminal/progress.ts';
import { connect, type ServerOptions, type Setting } from './setting.ts';
import { streamFile } from './transfer/stream-file.ts';
import { uploadChunks, uploadWhole } from './transfer/upload-file.ts';

export interface TranscribeOptions extends ServerOptions {
  readonly stream?: boolean;
  readonly chunked?: boolean;
  /** Times real time; Infinity sends as fast as the server takes it. */
  readonly speed: number;
  readonly format: TranscriptFormat;
  readonly model: 'lite' | 'pro';
  readonly language?: string;
  /** Samples per second of `.pcm` and `.raw` files. */
  readonly rate: number;
  readonly timeout: number;
}

/** Sends each file as a session of its own and prints the transcripts in order. No session is made for a missing file. */
export async function transcribe(
  setting: Setting,
  files: readonly string[],
  options: TranscribeOptions,
): Promise<void> {
  for (const file of files) {
    await access(file).catch(() => {
      throw new Error(`${file} cannot be read.`);
    });
  }
  const client = await connect(setting, options);
  const progress = createProgress(setting.stderr);
  for (const file of files) {
    const text = await transcribeFile({ client, progress, setting }, file, options).finally(() =>
      progress.clear(),
    );
    if (files.length > 1) setting.stderr.write(`${file}\n`);
    setting.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}

interface Tools {
  readonly client: EarshotClient;
  readonly progress: Progress;
  readonly setting: Setting;
}

async function transcribeFile(tools: Tools, file: string, options: TranscribeOptions): Promise<string> {
  const { client, progress, setting } = tools;
  const uploadType = options.stream === true ? 'stream' : options.chunked === true ? 'chunked' : 'single';
  const session = await client.createSession({
    upload_type: uploadType,
    model: options.model,
    ...(options.language === undefined ? {} : { language_hint: [options.language] }),
  });
  const id = session.session_id;
  const job = { client, progress, file, session, rate: options.rate };
  if (uploadType === 'stream') {
    await streamFile({ ...job, speed: options.speed });
    await client.end(id);
  } else {
    const sent = uploadType === 'chunked' ? await uploadChunks(job) : await uploadWhole(job);
    await client.end(id, { audioFilesSent: sent });
  }
  const result = await client.waitForResult(id, {
    timeoutMs: options.timeout * 1000,
    onProgress: ({ progress: { segments_done: done, segments_total: total } }) =>
      progress.show({
        label: 'transcribing',
        ratio: total === 0 ? undefined : done / total,
        detail: `${basename(file)}  ${done} of ${total} segments`,
      }),
  });
  progress.clear();
  report(setting, id, result);
  return client.transcript(id, options.format);
}

/** Says on the error output what a reader of the text alone would not see; a failed session is an error. */
function report(setting: Setting, id: string, result: SessionFinished): void {
  if (result.status === 'failed') {
    throw new Error(`Session ${id} failed: ${result.error?.message ?? 'no reason was given'}`);
  }
  setting.stderr.write(`session ${id} is ${result.status}\n`);
  for (const issue of result.processing_errors) setting.stderr.write(`  ${issue.type}: ${issue.message}\n`);
}
