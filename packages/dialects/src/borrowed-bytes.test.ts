import { describe, expect, it } from '@jest/globals';
import { createStreamDecoder } from './decoder.ts';
import type { DecoderOptions, DialectEvent } from './model/events.ts';

/** A tone that is quiet enough that its byte order takes a while to tell. */
function tone(samples: number, from: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) =>
    Math.round(300 * Math.sin((from + index) * 0.05)),
  );
}

const samplesOf = (events: readonly DialectEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'audio' ? [...event.frame.samples] : []));

/** Gives the decoder messages in memory that is used again for each; samples are copied as they are told. */
function feed(options: DecoderOptions, messages: readonly Uint8Array[]): number[] {
  const decoder = createStreamDecoder(options);
  const memory = new Uint8Array(4096);
  const told: number[] = [];
  for (const message of messages) {
    memory.fill(0xaa);
    memory.set(message);
    told.push(...samplesOf(decoder.push({ binary: true, data: memory.subarray(0, message.length) })));
  }
  memory.fill(0xaa);
  told.push(...samplesOf(decoder.end()));
  return told;
}

const bytesOf = (samples: Int16Array): Uint8Array => new Uint8Array(samples.buffer);

describe('a decoder whose messages lie in memory that is used again', () => {
  it.each<DecoderOptions>([
    { byteOrder: 'auto' },
    { byteOrder: 'little' },
    { byteOrder: 'little', inPlace: true },
    { byteOrder: 'auto', inPlace: true },
  ])('tells what was sent (%p)', (options) => {
    const sent = tone(4000, 0);
    const messages = Array.from({ length: 10 }, (_, index) =>
      bytesOf(sent.slice(index * 400, index * 400 + 400)),
    );
    expect(feed(options, messages)).toEqual([...sent]);
  });

  it('tells the same of messages that end within a sample', () => {
    const sent = tone(1000, 0);
    const bytes = bytesOf(sent);
    const cuts = [0, 1, 333, 334, 901, 2000];
    const messages = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
    expect(feed({ byteOrder: 'little', inPlace: true }, messages)).toEqual([...sent]);
  });

  it('tells samples where they lie only when asked to, and where they lie on the edge of a sample', () => {
    const memory = new Uint8Array(801);
    const told = (options: DecoderOptions, from: number): boolean => {
      const decoder = createStreamDecoder({ byteOrder: 'little', ...options });
      const events = decoder.push({ binary: true, data: memory.subarray(from, from + 800) });
      const audio = events.find((event) => event.type === 'audio');
      return audio?.type === 'audio' && audio.frame.samples.buffer === memory.buffer;
    };
    expect([told({ inPlace: true }, 0), told({ inPlace: true }, 1), told({}, 0)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
