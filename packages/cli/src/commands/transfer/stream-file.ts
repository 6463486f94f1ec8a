import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AudioStream, type EarshotClient, equalPieces } from '@earshot/client';
import { openAudioSource } from '../../audio/audio-source.ts';
import type { Progress } from '../../terminal/progress.ts';

export interface StreamJob {
  readonly client: EarshotClient;
  readonly progress: Progress;
  readonly file: string;
  readonly session: { readonly upload_url: string };
  readonly rate: number;
  readonly speed: number;
}

const FRAME_SECONDS = 0.1;

/**
 * Streams a file at `speed` times real time, as a microphone would, and stops the stream. Drops and restarts of the
 * server are shown and survived.
 */
export async function streamFile(job: StreamJob): Promise<void> {
  const source = await openAudioSource(job.file, job.rate);
  const { sampleRate, seconds } = source;
  let trouble = '';
  const stream = await job.client.openStream(job.session, {
    sampleRate,
    onEvent: (event) => {
      if (event.event === 'reconnecting') trouble = `  reconnecting (${event.attempt})`;
      if (event.event === 'resumed') trouble = '';
    },
  });
  const started = performance.now();
  const show = () => {
    const sent = stream.progress.sent / sampleRate;
    job.progress.show({
      label: 'streaming',
      ratio: seconds === undefined ? undefined : sent / seconds,
      detail: `${basename(job.file)}  ${positionsOf(stream, sampleRate)}${trouble}`,
    });
  };
  try {
    let given = 0;
    for await (const frame of equalPieces(source.pieces, Math.round(sampleRate * FRAME_SECONDS) * 2)) {
      await stream.send(frame);
      given += frame.length / 2 / sampleRate;
      show();
      const early = (given / job.speed) * 1000 - (performance.now() - started);
      if (early > 0) await sleep(early);
    }
    await stream.stop();
    show();
  } finally {
    stream.close();
  }
}

/** Seconds sent, on the server's disk and in its archive; only sent where a server tells no more. */
function positionsOf(stream: AudioStream, sampleRate: number): string {
  const { sent, durable, archived } = stream.progress;
  const seconds = (samples: number) => (samples / sampleRate).toFixed(1);
  const safe = stream.acknowledged ? `, ${seconds(durable)} s safe, ${seconds(archived)} s stored` : '';
  return `${seconds(sent)} s sent${safe}`;
}
