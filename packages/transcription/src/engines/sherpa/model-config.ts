import { join } from 'node:path';
import type { ModelManifest } from './manifest.ts';

/** Settings in the shape that sherpa-onnx takes them. */
export type RecognizerConfig = Readonly<Record<string, unknown>>;

function familyConfig(manifest: ModelManifest, at: (file: string) => string): RecognizerConfig {
  switch (manifest.family) {
    case 'nemo_transducer':
    case 'transducer': {
      const { encoder, decoder, joiner } = manifest.files;
      const transducer = { encoder: at(encoder), decoder: at(decoder), joiner: at(joiner) };
      return manifest.family === 'transducer' ? { transducer } : { transducer, modelType: 'nemo_transducer' };
    }
    case 'whisper': {
      const { encoder, decoder } = manifest.files;
      return { whisper: { encoder: at(encoder), decoder: at(decoder), language: '', task: 'transcribe' } };
    }
    case 'nemo_ctc':
      return { nemoCtc: { model: at(manifest.files.model) } };
    case 'sense_voice':
      return {
        senseVoice: { model: at(manifest.files.model), language: 'auto', useInverseTextNormalization: 1 },
      };
  }
}

/** What the recogniser of a model folder is created with. */
export function recognizerConfig(
  modelDir: string,
  manifest: ModelManifest,
  threads: number,
): RecognizerConfig {
  const at = (file: string): string => join(modelDir, file);
  return {
    featConfig: { sampleRate: 16_000, featureDim: 80 },
    modelConfig: {
      ...familyConfig(manifest, at),
      tokens: at(manifest.files.tokens),
      numThreads: threads,
      provider: 'cpu',
      debug: 0,
    },
    decodingMethod: 'greedy_search',
  };
}
