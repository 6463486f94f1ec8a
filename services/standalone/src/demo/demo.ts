import { setTimeout as sleep } from 'node:timers/promises';
import { createEarshotClient, type EarshotClient } from '@earshot/client';
import type { SegmentView, SessionFinished } from '@earshot/protocol';
import { wordErrorRate } from '@earshot/transcription';
import { sideBySide } from './columns.ts';
import type { SpeechSample } from './sample.ts';

export interface DemoSetting {
  readonly url: string;
  readonly apiKey: string;
  readonly sample: SpeechSample;
  readonly print: (line: string) => void;
  /** Times real time. */
  readonly speed: number;
}

/** What came of it; `passed` when a transcript came that has most words right. */
export interface DemoOutcome {
  readonly passed: boolean;
  readonly wordErrorRate: number;
  readonly endToTranscriptMs: number;
}

const PASSING_ERROR_RATE = 0.5;
const FRAME_SECONDS = 0.1;
const LOOK_INTERVAL_MS = 250;
const COLUMN = 52;
const RESULT_TIMEOUT_MS = 300_000;

/** Streams the sample as a microphone would, only faster, and shows what becomes of it. */
export async function runDemo(setting: DemoSetting): Promise<DemoOutcome> {
  const { sample, print, speed } = setting;
  const client = createEarshotClient({ baseUrl: setting.url, apiKey: setting.apiKey });
  const session = await client.createSession({ upload_type: 'stream', session_mode: 'consultation' });
  const seconds = sample.samples.length / sample.sampleRate;
  print(
    `Streaming ${seconds.toFixed(1)} s of speech at ${speed} times real time, session ${session.session_id}`,
  );
  const look = segmentPrinter(client, session.session_id, print);
  await streamAndLook(client, session.upload_url, { setting, look });
  const ended = performance.now();
  await client.endSession(session.session_id, { audioFilesSent: 0 });
  // End waits for the last segment to be stored; a stopped stream is durable, no more.
  await look();
  print('Ended. Waiting for the transcript ...');
  const result = await client.waitForResult(session.session_id, { timeoutMs: RESULT_TIMEOUT_MS });
  const endToTranscriptMs = performance.now() - ended;
  return report({ setting, result, endToTranscriptMs, seconds });
}

/** Prints a line for each segment of the session that was not there before. */
function segmentPrinter(
  client: EarshotClient,
  sessionId: string,
  print: DemoSetting['print'],
): () => Promise<void> {
  const shown = new Set<string>();
  return async () => {
    const state = await client.getSession(sessionId);
    for (const segment of state.session.segments) {
      const name = `${segment.track} ${segment.index}`;
      if (!shown.has(name)) print(segmentLine(segment));
      shown.add(name);
    }
  };
}

async function streamAndLook(
  client: EarshotClient,
  uploadUrl: string,
  { setting, look }: { readonly setting: DemoSetting; readonly look: () => Promise<void> },
): Promise<void> {
  const { sample, speed } = setting;
  const stream = await client.openStream(uploadUrl, { sampleRate: sample.sampleRate });
  let streaming = true;
  const watch = async () => {
    while (streaming) {
      await look();
      await sleep(LOOK_INTERVAL_MS);
    }
  };
  const watching = watch();
  // Its failure is met at the await below, after the stream has been let go of.
  watching.catch(() => undefined);
  try {
    await feed(stream, sample, speed);
    await stream.stop();
  } finally {
    streaming = false;
    stream.close();
  }
  await watching;
}

async function feed(
  stream: { send(samples: Int16Array): Promise<void> },
  { samples, sampleRate }: SpeechSample,
  speed: number,
): Promise<void> {
  const started = performance.now();
  const frame = Math.round(sampleRate * FRAME_SECONDS);
  for (let at = 0; at < samples.length; at += frame) {
    await stream.send(samples.subarray(at, at + frame));
    const early = ((at + frame) / sampleRate / speed) * 1000 - (performance.now() - started);
    if (early > 0) await sleep(early);
  }
}

const CUTS: Readonly<Record<SegmentView['cut'], string>> = {
  pause: 'cut at a pause',
  forced: 'cut at its longest',
  end: 'end of the stream',
  recovered: 'recovered',
};

function segmentLine(segment: SegmentView): string {
  const start = segment.start_seconds.toFixed(1).padStart(5);
  const end = (segment.start_seconds + segment.duration_seconds).toFixed(1).padStart(5);
  const speech = Math.round(segment.speech_ratio * 100);
  return `  segment ${segment.index}  ${start} to ${end} s  ${CUTS[segment.cut]}, ${speech} % speech`;
}

function report(run: {
  setting: DemoSetting;
  result: SessionFinished;
  endToTranscriptMs: number;
  seconds: number;
}): DemoOutcome {
  const { setting, result, endToTranscriptMs, seconds } = run;
  const { print, sample } = setting;
  const rate = wordErrorRate(sample.text, result.transcript);
  print('');
  const said = { title: 'what was said', text: sample.text };
  const heard = { title: `what ${result.engine.name} heard`, text: result.transcript };
  for (const line of sideBySide(said, heard, COLUMN)) print(line);
  print('');
  print(`Status ${result.status}, word error rate ${(rate * 100).toFixed(1)} %`);
  print(
    `Transcript ${(endToTranscriptMs / 1000).toFixed(1)} s after End, for ${seconds.toFixed(1)} s of speech`,
  );
  if (result.error !== undefined) print(`Error: ${result.error.message}`);
  const passed = result.status === 'completed' && rate < PASSING_ERROR_RATE;
  return { passed, wordErrorRate: rate, endToTranscriptMs };
}
