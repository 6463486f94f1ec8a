import { computedAudio } from '@earshot/test-support';
import { WebSocket } from 'ws';
import { parseStreamMessage } from '../client/stream-message.ts';
import { rawFormat } from '../client/wire-format.ts';

const FRAME_SAMPLES = 320;
const FRAMES = 500;
/** The same ten seconds for everybody: what is measured here is time, not content. */
const frames = Array.from({ length: FRAMES }, (_, i) =>
  rawFormat.message(computedAudio(1, i * FRAME_SAMPLES, FRAME_SAMPLES)),
);

/** A stream that is fed by the clock. */
export interface PacedStream {
  /** From sending to the durable ack, one for each frame, ms. */
  readonly latencies: number[];
  send(frame: number): void;
  close(): void;
}

/** Resolves when the server is ready. */
export async function openPacedStream(url: string): Promise<PacedStream> {
  const socket = new WebSocket(url, 'earshot.v1', { perMessageDeflate: false });
  const latencies: number[] = [];
  const waiting: { readonly end: number; readonly at: number }[] = [];
  let position = 0;
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (data: Buffer, binary) => {
      if (binary) return;
      const message = parseStreamMessage(data.toString('utf8'));
      if (message.event === 'ready') resolve();
      if (message.event !== 'ack') return;
      const now = performance.now();
      let covered = 0;
      for (const frame of waiting) {
        if (frame.end > message.durable) break;
        latencies.push(now - frame.at);
        covered += 1;
      }
      waiting.splice(0, covered);
    });
  });
  return {
    latencies,
    send: (frame) => {
      position += FRAME_SAMPLES;
      waiting.push({ end: position, at: performance.now() });
      socket.send(frames[frame % FRAMES] ?? '');
    },
    close: () => socket.terminate(),
  };
}
