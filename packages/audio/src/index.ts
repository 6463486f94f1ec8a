export { decodeFloat32le } from './codecs/float32.ts';
export { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './codecs/g711.ts';
export { decodePcm16be, decodePcm16le, encodePcm16le } from './codecs/pcm16.ts';
