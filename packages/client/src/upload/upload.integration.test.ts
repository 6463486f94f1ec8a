import { computedAudio, findAudioDifference } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createEarshotClient } from '../client.ts';
import {
  type LocalServer,
  type PlannedAnswer,
  type SeenRequest,
  startLocalServer,
} from '../testing/local-server.ts';
import { startResumableServer } from '../testing/resumable-server.ts';
import { wavHeader } from './wav-header.ts';

let server: LocalServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const refused = (status: number, code: string): PlannedAnswer => ({
  status,
  json: { error: { code, message: 'No.' } },
});

/** A session's upload URL that takes every file, after the planned refusals. */
async function files(refusals: PlannedAnswer[] = []) {
  const takes = ({ url, body }: SeenRequest): PlannedAnswer => {
    const name = url.split('/').at(-1) ?? '';
    const json = {
      session_id: 'ses_x',
      success: true,
      original_filename: name,
      filename: name,
      size_bytes: body.length,
      duplicate: false,
    };
    return refusals.shift() ?? { status: 200, json };
  };
  const started = await startLocalServer({ answer: takes });
  server = started;
  const client = createEarshotClient({ baseUrl: started.url, apiKey: 'k', retry: { baseDelayMs: 1 } });
  return { client, url: `${started.url}/audio`, seen: started.seen };
}

const names = (seen: readonly SeenRequest[]) => seen.map(({ url }) => url.split('/').at(-1));
const bodies = (seen: readonly SeenRequest[]) => Buffer.concat(seen.map(({ body }) => body));
const bytes = Uint8Array.from({ length: 2500 }, (_, at) => at % 251);

async function* inPieces(all: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < all.length; at += size) yield await Promise.resolve(all.subarray(at, at + size));
}

describe('upload', () => {
  it.each([
    ['a File', () => new File([bytes], 'visit.webm')],
    ['a Blob that has a type', () => new Blob([bytes], { type: 'audio/webm;codecs=opus' })],
  ] as const)(
    'sends %s whole, with its length, and counts the files of the session',
    async (_what, source) => {
      const { client, url, seen } = await files();
      const summary = await client.upload({ upload_url: url }, source());
      await client.upload(url, bytes, { name: 'more.webm' });
      expect(summary).toMatchObject({ bytes: 2500, files: [{ filename: 'audio_0.webm' }] });
      expect(names(seen)).toEqual(['audio_0.webm', 'audio_1.webm']);
      expect(seen[0]?.headers['content-length']).toBe('2500');
      expect(seen[0]?.body.equals(bytes)).toBe(true);
    },
  );

  it('sends a file again under the same number until the server has it', async () => {
    const { client, url, seen } = await files([{ status: 503 }, { status: 0, hangUp: true }]);
    await client.upload(url, bytes, { name: 'a.mp3', sequence: 4 });
    expect(names(seen)).toEqual(['audio_4.mp3', 'audio_4.mp3', 'audio_4.mp3']);
  });

  it('cuts a stream into numbered pieces, each of which can be sent again', async () => {
    const { client, url, seen } = await files([{ status: 503 }]);
    const progress: number[] = [];
    const summary = await client.upload(url, new Blob([bytes]).stream(), {
      contentType: 'audio/webm',
      pieceBytes: 1000,
      onProgress: (sent) => progress.push(sent),
    });
    expect(names(seen)).toEqual(['audio_0.webm', 'audio_0.webm', 'audio_1.webm', 'audio_2.webm']);
    expect(bodies(seen.slice(1)).equals(bytes)).toBe(true);
    expect(progress).toEqual([1000, 2000, 2500]);
    expect(summary.files).toHaveLength(3);
  });

  it('cuts a streamed WAV between samples and says their rate', async () => {
    const { client, url, seen } = await files();
    const wav = Buffer.concat([wavHeader(8000, 2500), bytes, Buffer.from('LIST and more')]);
    await client.upload(url, inPieces(wav, 7), { name: 'a.wav', pieceBytes: 999 });
    expect(names(seen)).toEqual(['audio_0.pcm', 'audio_1.pcm', 'audio_2.pcm']);
    expect(seen.map(({ body }) => body.length)).toEqual([998, 998, 504]);
    expect(bodies(seen).equals(bytes)).toBe(true);
    expect(seen[1]?.headers['content-type']).toBe('audio/l16;rate=8000;channels=1');
  });

  it('sends a stream as one file where pieces cannot be joined, or the session takes one', async () => {
    const { client, url, seen } = await files();
    await client.upload(url, inPieces(bytes, 100), { name: 'a.flac', pieceBytes: 1000 });
    await client.upload(url, inPieces(bytes, 100), {
      name: 'a.webm',
      pieceBytes: 1000,
      uploadType: 'single',
    });
    expect(names(seen)).toEqual(['audio_0.flac', 'audio_1.webm']);
    expect(seen[1]?.body.equals(bytes)).toBe(true);
  });

  it('cuts a file that the server finds too large', async () => {
    const { client, url, seen } = await files([refused(413, 'chunk_too_large')]);
    await client.upload(url, new Blob([bytes]), { name: 'a.ogg', pieceBytes: 2000 });
    expect(names(seen)).toEqual(['audio_0.ogg', 'audio_0.ogg', 'audio_1.ogg']);
    expect(bodies(seen.slice(1)).equals(bytes)).toBe(true);
  });

  it('refuses what nothing names an audio format of', async () => {
    const { client, url, seen } = await files();
    await expect(client.upload(url, bytes)).rejects.toThrow(RangeError);
    expect(seen).toEqual([]);
  });

  it('feeds a stream session with the samples of a WAV', async () => {
    const stream = await startResumableServer();
    try {
      const client = createEarshotClient({ baseUrl: 'http://127.0.0.1:1' });
      const samples = new Uint8Array(computedAudio(5, 0, 50_000).buffer);
      const wav = new Blob([wavHeader(16_000, samples.length), samples]);
      const summary = await client.upload(stream.socketUrl, wav, { name: 'a.wav' });
      expect(summary).toEqual({ files: [], bytes: 100_000 });
      expect(findAudioDifference(stream.audio(), { seed: 5, samples: 50_000 })).toBeNull();
      expect(stream.seen.filter((line) => line.startsWith('UPGRADE'))).toEqual([]);
      await expect(client.upload(stream.socketUrl, bytes, { name: 'a.webm' })).rejects.toThrow(RangeError);
    } finally {
      await stream.close();
    }
  });
});
