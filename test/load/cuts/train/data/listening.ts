import { HaarPyramid, LevelHistory, MEMORY_FRAMES } from '@earshot/audio/training';
import type { Heard } from '../../runs/hearing.ts';
import { SAMPLE_RATE } from '../../sound/signal.ts';

export const FRAMES_PER_SECOND = 50;

/** Lets the part of the product that remembers levels hear a track; `onFrame` is called behind each frame. */
export function listen({ samples, sampleRate }: Heard, onFrame: (history: LevelHistory) => void): void {
  const size = sampleRate / FRAMES_PER_SECOND;
  const pyramid = new HaarPyramid(sampleRate, size);
  const history = new LevelHistory(MEMORY_FRAMES, Math.round(Math.log2(SAMPLE_RATE / sampleRate)));
  for (let start = 0; start + size <= samples.length; start += size) {
    pyramid.measure(samples.subarray(start, start + size));
    history.push(pyramid.energies);
    onFrame(history);
  }
}
