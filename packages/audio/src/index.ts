export { decodeFloat32le } from './codecs/float32.ts';
export { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './codecs/g711.ts';
export { decodePcm16be, decodePcm16le, encodePcm16le } from './codecs/pcm16.ts';
export { rmsDb } from './levels.ts';
export { createResampler, type Resampler } from './resampler/resampler.ts';
export { parseWavHeader, type WavFormat, type WavHeader } from './wav/wav-parser.ts';
export { encodeWav, wavHeader } from './wav/wav-writer.ts';
