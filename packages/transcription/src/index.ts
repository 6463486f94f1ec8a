export { type AssemblyInput, assembleTranscript, LOSS_ISSUES } from './assemble/assemble.ts';
export { createScratchFolder, removeStaleScratch } from './child/scratch-folder.ts';
export { type DecodeRequest, decodeAudio } from './decode/decode-audio.ts';
export { DecodeError, type DecodeReason } from './decode/decode-error.ts';
export { type DecodeUploadsRequest, decodeUploads, type UploadEvent } from './decode/decode-uploads.ts';
export type { ByteSource, DecodedPiece, DecodeLimits } from './decode/decoded-audio.ts';
export {
  type AudioSegment,
  ENGINE_SAMPLE_RATE,
  type Engine,
  type EngineCapabilities,
  type EngineIdentity,
  type EngineOptions,
  type EngineResult,
  type EngineSegment,
  type EngineWord,
} from './engine/engine.ts';
export { EngineError, type EngineFault } from './engine/engine-error.ts';
export { createOpenAiEngine, type OpenAiOptions } from './engines/openai/engine.ts';
export type { HttpAnswer, HttpCall, HttpRequest } from './engines/openai/http-call.ts';
export { createPocketsphinxEngine, type PocketsphinxOptions } from './engines/pocketsphinx/engine.ts';
export { DEBIAN_MODEL_FOLDER } from './engines/pocketsphinx/installation.ts';
export { createSherpaEngine, type SherpaOptions } from './engines/sherpa/engine.ts';
export { MANIFEST_FILE, ModelManifest } from './engines/sherpa/manifest.ts';
export {
  MODEL_RELEASE,
  type ModelGuideEntry,
  modelGuide,
  renderModelGuide,
} from './engines/sherpa/model-guide.ts';
export { renderTranscript, TRANSCRIPT_FORMATS, type TranscriptFormat } from './render/transcript.ts';
export { wordErrorRate } from './render/word-error-rate.ts';
export {
  createSileroSpeechCheck,
  type SileroOptions,
  type SpeechCheckUnavailable,
} from './speech-check/silero.ts';
export type { SpeechCheck, SpeechFinding } from './speech-check/speech-check.ts';
export {
  createTranscriber,
  type SegmentRequest,
  type Transcriber,
  type TranscriberOptions,
} from './transcribe/transcriber.ts';
