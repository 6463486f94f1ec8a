import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EarshotClient } from '@earshot/client';
import { openAudioSource } from '../../audio/audio-source.ts';
import { equalPieces } from '../../audio/pieces.ts';
import type { Progress } from '../../terminal/progress.ts';

export interface StreamJob {
  readonly client: EarshotClient;
  readonly progress: Progress;
  readonly file: string;
  readonly sessionId: string;
  readonly uploadUrl: string;
  readonly rate: number;
  readonly speed: number;
}

const FRAME_SECONDS = 0.1;
const LOOK_INTERVAL_MS = 1000;

/** Streams a file at `speed` times real time, as a microphone would, and stops the stream. */
export async function streamFile(job: StreamJob): Promise<void> {
  const source = await openAudioSource(job.file, job.rate);
  const stream = await job.client.openStream(job.uploadUrl, { sampleRate: source.sampleRate });
  const segments = watchSegments(job);
  const started = performance.now();
  let sent = 0;
  try {
    const frameBytes = Math.round(source.sampleRate * FRAME_SECONDS) * 2;
    for await (const frame of equalPieces(source.pieces, frameBytes)) {
      await stream.send(frame);
      sent += frame.length / 2 / source.sampleRate;
      job.progress.show({
        label: 'streaming',
        ratio: source.seconds === undefined ? undefined : sent / source.seconds,
        detail: `${basename(job.file)}  ${sent.toFixed(1)} s  ${segments.count()} segments`,
      });
      const early = (sent / job.speed) * 1000 - (performance.now() - started);
      if (early > 0) await sleep(early);
    }
    await stream.stop();
  } finally {
    segments.end();
    stream.close();
  }
}

/** Looks now and then how many segments are stored; a look that fails only leaves the number old. */
function watchSegments(job: StreamJob): { count(): number; end(): void } {
  let count = 0;
  let looking = false;
  const look = async () => {
    looking = true;
    const state = await job.client.getSession(job.sessionId);
    count = state.session.segments.length;
  };
  const timer = setInterval(() => {
    if (looking) return;
    void look()
      .catch(() => undefined)
      .finally(() => {
        looking = false;
      });
  }, LOOK_INTERVAL_MS);
  return { count: () => count, end: () => clearInterval(timer) };
}
