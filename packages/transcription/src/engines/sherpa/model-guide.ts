import { MANIFEST_FILE, type ModelManifest } from './manifest.ts';

/** Where a known model comes from and how its folder is described. */
export interface ModelGuideEntry {
  readonly title: string;
  /** Archive among the assets of the release that `MODEL_RELEASE` names. */
  readonly archive: string;
  /** Folder that the archive unpacks to. */
  readonly folder: string;
  readonly diskMb: number;
  readonly source: string;
  readonly manifest: ModelManifest;
}

/** The release of k2-fsa/sherpa-onnx whose assets are speech models. */
export const MODEL_RELEASE = 'https://github.com/k2-fsa/sherpa-onnx/releases/tag/asr-models';

const PARAKEET_LANGUAGES = 'bg hr cs da nl en et fi fr de el hu it lv lt mt pl pt ro sk sl es sv ru uk'.split(
  ' ',
);

const whisper = (size: string, languages: ModelManifest['languages']): ModelManifest => ({
  v: 1,
  name: `whisper-${size}`,
  family: 'whisper',
  files: {
    encoder: `${size}-encoder.int8.onnx`,
    decoder: `${size}-decoder.int8.onnx`,
    tokens: `${size}-tokens.txt`,
  },
  languages,
  licence: 'MIT',
  maxSeconds: 29,
});

const GUIDE: readonly ModelGuideEntry[] = [
  {
    title:
      'Parakeet TDT 0.6B v3, int8: 25 European languages, punctuation, word times; the one to begin with',
    archive: 'sherpa-onnx-nemo-parakeet-tdt-0.6b-v3-int8.tar.bz2',
    folder: 'sherpa-onnx-nemo-parakeet-tdt-0.6b-v3-int8',
    diskMb: 640,
    source: 'https://huggingface.co/nvidia/parakeet-tdt-0.6b-v3',
    manifest: {
      v: 1,
      name: 'parakeet-tdt-0.6b-v3-int8',
      family: 'nemo_transducer',
      files: {
        encoder: 'encoder.int8.onnx',
        decoder: 'decoder.int8.onnx',
        joiner: 'joiner.int8.onnx',
        tokens: 'tokens.txt',
      },
      languages: PARAKEET_LANGUAGES,
      licence: 'CC-BY-4.0',
      maxSeconds: 30,
    },
  },
  {
    title: 'Whisper large-v3-turbo, int8: 99 languages, no word times, slow without a fast processor',
    archive: 'sherpa-onnx-whisper-turbo.tar.bz2',
    folder: 'sherpa-onnx-whisper-turbo',
    diskMb: 1040,
    source: 'https://huggingface.co/openai/whisper-large-v3-turbo',
    manifest: whisper('turbo', 'any'),
  },
  {
    title: 'Whisper tiny.en, int8: English, small, for trying things out',
    archive: 'sherpa-onnx-whisper-tiny.en.tar.bz2',
    folder: 'sherpa-onnx-whisper-tiny.en',
    diskMb: 105,
    source: 'https://huggingface.co/openai/whisper-tiny.en',
    manifest: whisper('tiny.en', ['en']),
  },
];

/** Known models with their sources, licences and descriptions; nothing is ever fetched by earshot itself. */
export function modelGuide(): readonly ModelGuideEntry[] {
  return GUIDE;
}

/** The guide for people: what to download, how to unpack it, and the description to put beside it. */
export function renderModelGuide(): string {
  const entries = GUIDE.map((entry) => {
    const files = Object.values(entry.manifest.files).join(', ');
    return [
      entry.title,
      `  archive   ${entry.archive} (about ${entry.diskMb} MB unpacked)`,
      `  files     ${files}`,
      `  licence   ${entry.manifest.licence} (${entry.source}; read it before you use the model)`,
      `  save as   ${entry.folder}/${MANIFEST_FILE}:`,
      JSON.stringify(entry.manifest),
    ].join('\n');
  });
  const head = [
    `Models for the local neural engine are assets of ${MODEL_RELEASE}`,
    'Download an archive, unpack it with "tar xjf", write its description into the folder, and set the model folder.',
    'Earshot fetches no model itself.',
  ];
  return `${head.join('\n')}\n\n${entries.join('\n\n')}\n`;
}
