import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseWavHeader } from './wav-parser.ts';
import { encodeWav, wavHeader } from './wav-writer.ts';

interface Fields {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  subFormat?: number;
}

function text(value: string): number[] {
  return Array.from(value, (letter) => letter.charCodeAt(0));
}

function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

function chunk(tag: string, content: number[], size = content.length): number[] {
  return [...text(tag), ...u32(size), ...content, ...(content.length % 2 === 1 ? [0] : [])];
}

function format({ tag = 1, channels = 1, rate = 16_000, bits = 16, subFormat }: Fields = {}): number[] {
  const u16 = (value: number): number[] => [value & 0xff, value >> 8];
  const head = [...u16(tag), ...u16(channels), ...u32(rate), ...u32(rate * 2), ...u16(2), ...u16(bits)];
  const guidTail = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
  const extension = [...u16(22), ...u16(bits), ...u32(0), ...u16(subFormat ?? 0), ...guidTail];
  return chunk('fmt ', subFormat === undefined ? head : [...head, ...extension]);
}

function riff(...chunks: number[][]): Uint8Array {
  return Uint8Array.from([...text('RIFF'), ...u32(0xffff_ffff), ...text('WAVE'), ...chunks.flat()]);
}

const samples = chunk('data', [1, 2, 3, 4]);

function refusal(bytes: Uint8Array): string {
  try {
    parseWavHeader(bytes);
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'invalid_audio_format') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a WAV header that earshot writes', () => {
  it('has 44 bytes that its own parser reads back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 1000, max: 384_000 }),
        (count, sampleRate) => {
          const header = wavHeader({ sampleRate, samples: count });
          expect(header.length).toBe(44);
          expect(parseWavHeader(header)).toEqual({
            format: 'pcm16',
            sampleRate,
            channels: 1,
            bitsPerSample: 16,
            dataOffset: 44,
            dataBytes: count * 2,
          });
        },
      ),
    );
  });

  it('is the canonical header, byte for byte', () => {
    expect([...encodeWav(Int16Array.of(1, -2), 8000)]).toEqual([
      ...[...text('RIFF'), 40, 0, 0, 0, ...text('WAVEfmt '), 16, 0, 0, 0, 1, 0, 1, 0],
      ...[0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0, ...text('data'), 4, 0, 0, 0, 1, 0, 0xfe, 0xff],
    ]);
  });

  it('refuses more samples than its size field can tell', () => {
    expect(() => wavHeader({ sampleRate: 8000, samples: 2 ** 31 })).toThrow(RangeError);
  });
});

describe('the WAV parser', () => {
  it.each([
    [{ tag: 1, bits: 16 }, 'pcm16'],
    [{ tag: 3, bits: 32 }, 'float32'],
    [{ tag: 6, bits: 8 }, 'alaw'],
    [{ tag: 7, bits: 8 }, 'mulaw'],
    [{ tag: 1, bits: 24 }, 'other'],
    [{ tag: 3, bits: 64 }, 'other'],
    [{ tag: 0x11, bits: 4 }, 'other'],
    [{ tag: 0x55, bits: 0 }, 'other'],
    [{ tag: 0xfffe, bits: 16, subFormat: 1 }, 'pcm16'],
    [{ tag: 0xfffe, bits: 32, subFormat: 3 }, 'float32'],
    [{ tag: 0xfffe, bits: 24, subFormat: 1 }, 'other'],
  ])('reads the format %j as %s', (fields, expected) => {
    const parsed = parseWavHeader(riff(format({ channels: 2, rate: 44_100, ...fields }), samples));
    expect(parsed).toMatchObject({
      format: expected,
      sampleRate: 44_100,
      channels: 2,
      bitsPerSample: fields.bits,
    });
  });

  it('walks over other chunks, padding those of odd size', () => {
    const file = riff(chunk('LIST', [1, 2, 3]), format(), chunk('junk', []), chunk('bext', [7]), samples);
    const parsed = parseWavHeader(file);
    expect([...file.subarray(parsed.dataOffset)]).toEqual([1, 2, 3, 4]);
    expect(parsed.dataBytes).toBe(4);
  });

  it('reads bytes that lie inside a larger buffer', () => {
    const file = riff(format(), samples);
    const memory = new Uint8Array(file.length + 3);
    memory.set(file, 3);
    expect(parseWavHeader(memory.subarray(3))).toEqual(parseWavHeader(file));
  });

  it.each([0, 0xffff_ffff, 0x7fff_f000])('takes a data size of %d for a stream of unknown length', (size) => {
    expect(parseWavHeader(riff(format(), chunk('data', [], size))).dataBytes).toBe(Infinity);
  });

  it('reads the length of a 64-bit file from its ds64 chunk', () => {
    const wide = chunk('ds64', [...u32(0), ...u32(0), ...u32(16), ...u32(1), ...u32(0), ...u32(0)]);
    const file = riff(wide, format(), chunk('data', [], 0xffff_ffff));
    file.set(text('RF64'));
    expect(parseWavHeader(file).dataBytes).toBe(2 ** 32 + 16);
    const short = riff(chunk('ds64', [0, 0]), format(), chunk('data', [], 0xffff_ffff));
    expect(parseWavHeader(short).dataBytes).toBe(Infinity);
  });

  it('needs no more than the head', () => {
    expect(parseWavHeader(riff(format(), chunk('data', [], 1_000_000))).dataBytes).toBe(1_000_000);
  });

  it('refuses a head that is cut off, wherever that is', () => {
    const head = riff(
      chunk('LIST', [1, 2, 3]),
      format({ tag: 0xfffe, subFormat: 1 }),
      chunk('data', [], 100),
    );
    for (let length = 0; length < head.length; length += 1) {
      expect(refusal(head.subarray(0, length))).toBe('The WAV file ends before its audio begins.');
    }
    expect(refusal(head)).toBe('accepted');
  });

  it.each([
    ['two formats', riff(format(), format(), samples), 'twice'],
    ['no format', riff(samples), 'does not describe'],
    ['a format chunk of 14 bytes', riff(chunk('fmt ', new Array<number>(14).fill(1)), samples), 'too short'],
    ['an extensible format chunk of 16 bytes', riff(format({ tag: 0xfffe }), samples), 'too short'],
    ['0 channels', riff(format({ channels: 0 }), samples), '0 channels'],
    ['65535 channels', riff(format({ channels: 65_535 }), samples), '65535 channels'],
    ['a rate of 0', riff(format({ rate: 0 }), samples), 'rate of 0 Hz'],
    ['a rate of 4 GHz', riff(format({ rate: 4_000_000_000 }), samples), 'rate of 4000000000 Hz'],
    ['samples of 0 bits', riff(format({ bits: 0 }), samples), '0 bits'],
    ['a chunk that claims 4 GB', riff(format(), chunk('LIST', [1], 0xffff_ffff), samples), 'ends before'],
    [
      'a hundred chunks',
      riff(format(), ...new Array<number[]>(100).fill(chunk('LIST', [])), samples),
      'too many',
    ],
    ['another container', Uint8Array.from(text('OggS00000000000000')), 'not a WAV'],
    ['another RIFF file', Uint8Array.from(text('RIFF0000AVI LIST0000')), 'not a WAV'],
  ])('refuses %s', (_, file, reason) => {
    expect(refusal(file)).toContain(reason);
  });

  it('answers any bytes with a header or the same error', () => {
    const like = fc.tuple(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(riff(format(), samples), riff()));
    fc.assert(
      fc.property(like, ([noise, file]) => {
        const bytes = Uint8Array.from([...file.subarray(0, 20), ...noise]);
        expect(typeof refusal(bytes)).toBe('string');
      }),
    );
  });
});
