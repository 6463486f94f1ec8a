import { buffer } from 'node:stream/consumers';
import { encodeWav, parseWavHeader } from '@earshot/audio';
import type { SegmentEntry, TrackName } from '@earshot/protocol';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openRecording } from './recording.ts';

let folder: TemporaryFolder;
let store: ObjectStore;
const segments: SegmentEntry[] = [];

async function keep(track: TrackName, firstSample: number, samples: Int16Array): Promise<void> {
  const key = `clinic/ses_1/segments/${track}/${segments.length}.wav`;
  await store.put(key, encodeWav(samples, 8000));
  segments.push({
    track,
    index: segments.length,
    key,
    sampleRate: 8000,
    firstSample,
    samples: samples.length,
    sha256: 'x',
    cut: 'pause',
    speechRatio: 1,
    levelDb: -20,
    speech: true,
  });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  await keep('inbound', 0, computedAudio(1, 0, 1000));
  await keep('inbound', 1200, computedAudio(1, 1200, 501));
  await keep('outbound', 0, computedAudio(2, 0, 900));
});
afterAll(async () => {
  await store.close();
  await folder.remove();
});

const whole = (kind: 'inbound' | 'outbound' | 'mixed'): Promise<Buffer> => {
  const recording = openRecording(store, segments, kind);
  return buffer(recording.read({ start: 0, end: recording.bytes }));
};

describe('the combined recording', () => {
  it('is one WAV file in which a hole between segments is silence', async () => {
    const bytes = await whole('inbound');
    expect(parseWavHeader(bytes)).toMatchObject({ sampleRate: 8000, channels: 1, dataBytes: 1701 * 2 });
    const samples = new Int16Array(
      bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length),
    );
    expect(samples.subarray(0, 1000)).toEqual(computedAudio(1, 0, 1000));
    expect(samples.subarray(1000, 1200)).toEqual(new Int16Array(200));
    expect(samples.subarray(1200)).toEqual(computedAudio(1, 1200, 501));
  });

  it('mixes tracks as their clipped sum and is as long as the longest', async () => {
    const bytes = await whole('mixed');
    const samples = new Int16Array(
      bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length),
    );
    expect(samples).toHaveLength(1701);
    const clip = (value: number): number => Math.max(-32_768, Math.min(32_767, value));
    const a = computedAudio(1, 0, 900);
    const b = computedAudio(2, 0, 900);
    expect([...samples.subarray(0, 900)]).toEqual(Array.from(a, (value, n) => clip(value + b[n]!)));
  });

  it('gives any range of itself byte for byte', async () => {
    const bytes = await whole('mixed');
    const recording = openRecording(store, segments, 'mixed');
    const range = fc.tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1)).map(([a, b]) => ({
      start: Math.min(a, b),
      end: Math.max(a, b) + 1,
    }));
    await fc.assert(
      fc.asyncProperty(range, async ({ start, end }) => {
        expect(Buffer.compare(await buffer(recording.read({ start, end })), bytes.subarray(start, end))).toBe(
          0,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('mixes by default only where there is more than one track', () => {
    expect(openRecording(store, segments).kind).toBe('mixed');
    expect(openRecording(store, segments.slice(2)).kind).toBe('outbound');
  });

  it('does not exist for a track that has no audio', () => {
    expect(() => openRecording(store, segments, 'main')).toThrow(
      expect.objectContaining({ code: 'audio_not_available' }),
    );
  });
});
