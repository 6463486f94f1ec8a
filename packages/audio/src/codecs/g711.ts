import { int16At } from '../elements.ts';

/** Expansion of the 256 mu-law codes, ITU-T G.711 table 2, scaled from 14 to 16 bit. */
const MULAW = Int16Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code;
  const magnitude = ((((inverted & 0x0f) << 3) + 132) << ((inverted >> 4) & 7)) - 132;
  return (inverted & 0x80) === 0 ? magnitude : -magnitude;
});

/** Expansion of the 256 A-law codes, ITU-T G.711 table 1, scaled from 13 to 16 bit. */
const ALAW = Int16Array.from({ length: 256 }, (_, code) => {
  const even = code ^ 0x55;
  const segment = (even >> 4) & 7;
  const step = ((even & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return (even & 0x80) === 0 ? -magnitude : magnitude;
});

const MULAW_BIAS = 132;
const MULAW_CLIP = 32_635;

/** 16-bit samples of G.711 mu-law, one a byte; into `samples` if given, which must have room for just them. */
export function decodeMulaw(bytes: Uint8Array, samples?: Int16Array): Int16Array {
  return expand(bytes, MULAW, samples);
}

/** As `decodeMulaw`, of G.711 A-law. */
export function decodeAlaw(bytes: Uint8Array, samples?: Int16Array): Int16Array {
  return expand(bytes, ALAW, samples);
}

/** G.711 mu-law codes of 16-bit samples, one byte each, by the decision values of the standard. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  for (let index = 0; index < samples.length; index += 1) bytes[index] = mulawOf(int16At(samples, index));
  return bytes;
}

/** G.711 A-law codes of 16-bit samples, one byte each, by the decision values of the standard. */
export function encodeAlaw(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  for (let index = 0; index < samples.length; index += 1) bytes[index] = alawOf(int16At(samples, index));
  return bytes;
}

function mulawOf(sample: number): number {
  const biased = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const segment = 24 - Math.clz32(biased);
  const code = (segment << 4) | ((biased >> (segment + 3)) & 0x0f);
  return ~(sample < 0 ? code | 0x80 : code) & 0xff;
}

function alawOf(sample: number): number {
  const magnitude = sample < 0 ? ~sample : sample;
  const segment = Math.max(0, 24 - Math.clz32(magnitude));
  const code = (segment << 4) | ((magnitude >> Math.max(4, segment + 3)) & 0x0f);
  return (sample < 0 ? code : code | 0x80) ^ 0x55;
}

function expand(
  bytes: Uint8Array,
  table: Int16Array,
  samples: Int16Array = new Int16Array(bytes.length),
): Int16Array {
  for (let index = 0; index < bytes.length; index += 1) {
    samples[index] = int16At(table, bytes[index] ?? 0);
  }
  return samples;
}
