import { EarshotError, LIMITS } from '@earshot/protocol';
import type { Codec } from '../model/format.ts';
import { safeLabel, wholeNumber } from './fields.ts';

/** A declared encoding, understood. Null where the declaration leaves something open. */
export interface Encoding {
  readonly codec: Codec;
  readonly bigEndian: boolean | null;
  readonly sampleRate: unknown;
  readonly channels: unknown;
}

const NAMES: readonly (readonly [Codec, boolean | null, string])[] = [
  ['pcm16', null, 'l16 x-l16 pcm pcm16 x-pcm linear16 x-linear16 lin16 slin x-raw raw linear'],
  ['pcm16', false, 's16le pcm_s16le pcm16le pcm_16le slinear'],
  ['pcm16', true, 's16be pcm_s16be pcm16be pcm_16be'],
  ['mulaw', null, 'pcmu x-mulaw mulaw mu-law x-mu-law ulaw x-ulaw basic g711_ulaw pcm_mulaw'],
  ['alaw', null, 'pcma x-alaw alaw a-law x-a-law g711_alaw pcm_alaw'],
  ['float32', false, 'float32 float32le x-float32 f32 f32le x-f32le pcm_f32le pcm_float32'],
];

const BY_NAME = new Map<string, readonly [Codec, boolean | null]>(
  NAMES.flatMap(([codec, bigEndian, names]) =>
    names.split(' ').map((name) => [name, [codec, bigEndian]] as const),
  ),
);

/**
 * Understands an encoding name in any case, as a media type or bare, with parameters: `audio/L16;rate=8000`,
 * `PCMU`, `raw/slin`. Null when nothing is declared; throws unsupported_encoding for names it does not know,
 * because audio decoded by a guess is noise.
 */
export function parseEncoding(declared: unknown): Encoding | null {
  if (declared === undefined || declared === null || declared === '') return null;
  const [head = '', ...parameters] = typeof declared === 'string' ? declared.toLowerCase().split(';') : [];
  const known = BY_NAME.get(head.trim().replace(/^(audio|raw)\//, ''));
  if (known === undefined) {
    throw new EarshotError('unsupported_encoding', { details: { encoding: safeLabel(declared) } });
  }
  const [codec, bigEndian] = known;
  const order = parameter(parameters, 'endianness') ?? parameter(parameters, 'endian');
  return {
    codec,
    bigEndian: parseByteOrder(order) ?? bigEndian,
    sampleRate: parameter(parameters, 'rate'),
    channels: parameter(parameters, 'channels'),
  };
}

function parameter(parameters: readonly string[], name: string): string | undefined {
  for (const part of parameters) {
    const [key = '', value = ''] = part.split('=');
    if (key.trim() === name) return value.trim().replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}

/** True for big-endian, false for little-endian, null when the word says neither. */
export function parseByteOrder(word: unknown): boolean | null {
  if (typeof word !== 'string') return null;
  const order = /^(little|le\b|big|be\b)/.exec(word.trim().toLowerCase())?.[1];
  return order === undefined ? null : order.startsWith('b');
}

/** A declared sample rate, or null when none is; throws unsupported_encoding for any rate that is not in the limits. */
export function parseSampleRate(declared: unknown): number | null {
  if (declared === undefined || declared === null) return null;
  const rate = wholeNumber(declared);
  if (rate === null || !LIMITS.sampleRates.includes(rate)) {
    throw new EarshotError('unsupported_encoding', {
      message: `Sample rates are one of ${LIMITS.sampleRates.join(', ')} Hz.`,
      details: { sampleRate: safeLabel(declared) },
    });
  }
  return rate;
}

/** Refuses more than one channel where channels have no names. */
export function refuseSeveralChannels(declared: unknown): void {
  if (declared === undefined || declared === null || wholeNumber(declared) === 1) return;
  throw new EarshotError('unsupported_encoding', {
    message: 'This dialect carries one channel a track.',
    details: { channels: safeLabel(declared) },
  });
}
