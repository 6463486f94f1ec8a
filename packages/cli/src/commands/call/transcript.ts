import type { TranscriptFormat } from '@earshot/client';
import { connect, type Setting } from '../setting.ts';
import { chosenCall, type LineOptions } from './chosen-call.ts';

export interface CallTranscriptOptions extends LineOptions {
  /** Server of the session API, where transcripts are. */
  readonly sessionsUrl?: string;
  readonly format: TranscriptFormat;
  readonly timeout: number;
}

/** Waits until a call is transcribed and prints what both sides said. */
export async function callTranscript(
  setting: Setting,
  id: string,
  options: CallTranscriptOptions,
): Promise<void> {
  const { client, name } = await chosenCall(setting, id, options);
  const { transcriptionSessionId: session } = await client.get(name);
  if (session === null) throw new Error('This call is not transcribed: place it with --transcribe.');
  const sessions = await connect(setting, {
    ...(options.sessionsUrl === undefined ? {} : { url: options.sessionsUrl }),
    ...(options.keyFile === undefined ? {} : { keyFile: options.keyFile }),
  });
  const { status, error } = await sessions.waitForResult(session, { timeoutMs: options.timeout * 1000 });
  if (status === 'failed') {
    throw new Error(`Session ${session} failed: ${error?.message ?? 'no reason was given'}`);
  }
  setting.stderr.write(`session ${session} is ${status}\n`);
  const text = await sessions.transcript(session, options.format);
  setting.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
