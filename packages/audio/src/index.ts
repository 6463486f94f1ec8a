export { decodeFloat32le } from './codecs/float32.ts';
export { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './codecs/g711.ts';
export { decodePcm16be, decodePcm16le, encodePcm16le } from './codecs/pcm16.ts';
export type { Cut, Cutter } from './cutter/cut.ts';
export type { CutPolicy } from './cutter/cut-policy.ts';
export type { SegmenterOptions } from './cutter/cut-rule.ts';
export { type CutterOptions, createCutter } from './cutter/cutter.ts';
export { rmsDb } from './levels.ts';
export { mixInto } from './mix.ts';
export {
  createStreamInspector,
  type InspectedFrame,
  type StreamInspector,
} from './quality/stream-inspector.ts';
export {
  createTrackInspector,
  type TrackFacts,
  type TrackInspector,
  type TrackInspectorOptions,
} from './quality/track-inspector.ts';
export { createResampler, type Resampler } from './resampler/resampler.ts';
export type { CutSegment, Segmenter } from './segmenter/segment.ts';
export { createSegmenter } from './segmenter/segmenter.ts';
export { createFiveBandDetector } from './vad/five-band-detector.ts';
export type { SpeechDetector } from './vad/speech-detector.ts';
export { parseWavHeader, type WavFormat, type WavHeader } from './wav/wav-parser.ts';
export { encodeWav, wavHeader } from './wav/wav-writer.ts';
