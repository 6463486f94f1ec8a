import type { Synthesizer } from '../speech/synthesizer.ts';
import { spokenPart } from '../speech/talk.ts';
import { BACKGROUND_LINES } from '../speech/texts.ts';
import { BACKGROUND_VOICES } from '../speech/voices.ts';
import { toUnitRms } from './signal.ts';

/** Several people talking at once without a pause, each as loud as the others. */
export async function babble(
  synthesizer: Synthesizer,
  count: number,
  random: () => number,
): Promise<Float32Array> {
  const samples = new Float32Array(count);
  for (const voice of BACKGROUND_VOICES) {
    let position = -Math.floor(random() * 32_000);
    while (position < count) {
      const line = BACKGROUND_LINES[Math.floor(random() * BACKGROUND_LINES.length)]!;
      const said = toUnitRms(spokenPart(await synthesizer.speak(voice, line)).samples);
      const end = Math.min(said.length, count - position);
      for (let index = Math.max(0, -position); index < end; index += 1) {
        samples[position + index]! += said[index]!;
      }
      position += said.length;
    }
  }
  return toUnitRms(samples);
}
