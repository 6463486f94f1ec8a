import openLibrary from '@echogarden/fvad-wasm';
import type { Heard } from '../runs/hearing.ts';

/** How strict it is, 0 to 3: 2 is what most programs choose. */
const MODE = 2;
const BYTES = Int16Array.BYTES_PER_ELEMENT;

const library = await openLibrary();

/** Scores of frames as WebRTC's detector sees them: 1 for speech, 0 for none. Frames last 10, 20 or 30 ms. */
export function webrtcScores({ samples, sampleRate }: Heard, frameSamples: number): number[] {
  const detector = library._fvad_new();
  const frame = library._malloc(frameSamples * BYTES);
  try {
    if (
      library._fvad_set_mode(detector, MODE) !== 0 ||
      library._fvad_set_sample_rate(detector, sampleRate) !== 0
    ) {
      throw new Error(`WebRTC's detector does not know ${sampleRate} Hz.`);
    }
    const scores: number[] = [];
    for (let start = 0; start + frameSamples <= samples.length; start += frameSamples) {
      library.HEAP16.set(samples.subarray(start, start + frameSamples), frame / BYTES);
      scores.push(library._fvad_process(detector, frame, frameSamples) === 1 ? 1 : 0);
    }
    return scores;
  } finally {
    library._free(frame);
    library._fvad_free(detector);
  }
}
