import { gzipSync } from 'node:zlib';
import { encodeWav } from '@earshot/audio';
import { computedAudio } from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeAs } from '../../rig/containers.ts';
import { type Rig, startRig } from '../../rig/earshot.ts';
import { rawCall } from '../../rig/raw-http.ts';
import { expectRefusal } from '../../rig/refusals.ts';
import { ask, newSession, upload } from '../../rig/session-calls.ts';

const BAD_FORMAT = [400, 'invalid_audio_format'] as const;
const BAD_REQUEST = [400, 'invalid_request'] as const;

let rig: Rig;
let id: string;
const wav = encodeWav(computedAudio(1, 0, 8000), 16_000);
const text = (content: string): Uint8Array => Buffer.from(content.padEnd(64, ' '));

beforeAll(async () => {
  rig = await startRig({ worker: false });
}, 60_000);
afterAll(() => rig.stop());
beforeEach(async () => {
  id = (await newSession(rig, { upload_type: 'chunked' })).id;
});

/** A WAV whose header says what no recorder would write. */
function wavSaying(fields: { channels?: number; rate?: number; bits?: number; format?: number }): Uint8Array {
  const file = wav.slice();
  const view = new DataView(file.buffer);
  if (fields.format !== undefined) view.setUint16(20, fields.format, true);
  if (fields.channels !== undefined) view.setUint16(22, fields.channels, true);
  if (fields.rate !== undefined) view.setUint32(24, fields.rate, true);
  if (fields.bits !== undefined) view.setUint16(34, fields.bits, true);
  return file;
}

describe('a format', () => {
  it.each(['text/html', 'application/json', 'audio/aiff', 'audio/x-ms-wma', 'image/png'])(
    'named %s is refused, with those that are taken',
    async (type) => {
      const answer = await expectRefusal(rig, BAD_FORMAT, () =>
        upload(rig, id, 'a_0.wav', { body: wav, type }),
      );
      expect(answer.body).toMatchObject({
        error: {
          details: { provided_format: type, supported_formats: expect.arrayContaining(['audio/wav']) },
        },
      });
    },
  );

  it.each(['nonsense', 'audio/', '/wav', 'audio/wav audio/ogg'])('%s is no media type', async (type) => {
    await expectRefusal(rig, [415, 'unsupported_media_type'], () =>
      upload(rig, id, 'a_0.wav', { body: wav, type }),
    );
  });

  it('that neither type nor name tells is refused', async () => {
    const call = { method: 'POST', path: `/voice/v1/sessions/${id}/audio/audio_0.xyz`, chunks: [wav] };
    await expectRefusal(rig, BAD_FORMAT, () => rawCall(rig, call));
  });

  const hls = '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1/secret.ts\n';
  it.each<[string, string, string, Uint8Array]>([
    ['a WAV as WebM', 'a_0.webm', 'audio/webm', wav],
    ['a playlist as WAV', 'a_0.wav', 'audio/wav', text(hls)],
    ['a playlist after a byte order mark', 'a_0.wav', 'audio/wav', text(`\u{feff}${hls}`)],
    ['a list of files as WAV', 'a_0.wav', 'audio/wav', text("ffconcat version 1.0\nfile 'neighbour.wav'\n")],
    ['a manifest as MP3', 'a_0.mp3', 'audio/mp3', text('<?xml version="1.0"?><MPD></MPD>')],
    ['a session description as MP3', 'a_0.mp3', 'audio/mp3', text('v=0\no=- 0 0 IN IP4 127.0.0.1\n')],
    ['SMIL as MP4', 'a_0.mp4', 'audio/mp4', text('<smil><body></body></smil>')],
    ['XSPF as OGG', 'a_0.ogg', 'audio/ogg', text('<playlist version="1"></playlist>')],
    ['a cue sheet as FLAC', 'a_0.flac', 'audio/flac', text('FILE "other.wav" WAVE\n  TRACK 01 AUDIO\n')],
    ['a winamp list as MP3', 'a_0.mp3', 'audio/mp3', text('[playlist]\nFile1=http://127.0.0.1/\n')],
    ['text as raw PCM', 'a_0.pcm', 'audio/l16', text('plain words, no samples')],
    ['a ZIP as WAV', 'a_0.wav', 'audio/wav', Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1')], 64)],
    ['a PDF as OGG', 'a_0.ogg', 'audio/ogg', text('%PDF-1.7')],
    ['a program as MP3', 'a_0.mp3', 'audio/mp3', Buffer.concat([Buffer.from([0x7f]), text('ELF')])],
    ['a picture as WebM', 'a_0.webm', 'audio/webm', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['an AVI as WAV', 'a_0.wav', 'audio/wav', text('RIFF\u0020\u0000\u0000\u0000AVI LIST')],
    ['one byte as WAV', 'a_0.wav', 'audio/wav', Uint8Array.of(0x52)],
    ['a continuation as the first WebM', 'a_0.webm', 'audio/webm', Buffer.alloc(64, 0xa3)],
    ['a continuation of WAV', 'a_1.wav', 'audio/wav', Buffer.alloc(64, 0xa3)],
  ])('that the bytes deny is refused: %s', async (_name, name, type, body) => {
    await expectRefusal(rig, BAD_FORMAT, () => upload(rig, id, name, { body, type }));
  });

  it.each<[string, () => Uint8Array]>([
    ['no channel', () => wavSaying({ channels: 0 })],
    ['65535 channels', () => wavSaying({ channels: 65_535 })],
    ['rate 0', () => wavSaying({ rate: 0 })],
    ['4 GHz', () => wavSaying({ rate: 4_000_000_000 })],
    ['0 bits', () => wavSaying({ bits: 0 })],
    ['no format at all', () => wav.slice(0, 12)],
    ['half a format', () => wav.slice(0, 30)],
    ['a second format', () => Buffer.concat([wav.slice(0, 36), wav.slice(12, 36), wav.slice(36)])],
  ])('of a WAV with %s is refused', async (_name, body) => {
    await expectRefusal(rig, BAD_FORMAT, () => upload(rig, id, 'a_0.wav', { body: body() }));
  });

  it.each([
    'rate=7999',
    'rate=192001',
    'rate=0',
    'rate=-8000',
    'rate=x',
    'rate=16000;channels=0',
    'channels=9',
  ])('of raw PCM with %s is refused', async (parameters) => {
    const type = `audio/l16;${parameters}`;
    await expectRefusal(rig, BAD_FORMAT, () =>
      upload(rig, id, 'a_0.pcm', { body: Buffer.alloc(640, 3), type }),
    );
  });
});

describe('a damaged file', () => {
  const path = () => `/sessions/${id}/audio`;
  const send = async (name: string, body: Uint8Array, type: string) => {
    const answer = await ask(rig, `${path()}/${name}`, {
      method: 'PUT',
      body,
      headers: { 'content-type': type },
    });
    return answer.status;
  };

  it('cut short anywhere in its head is refused or kept as it is, and never a fault of ours', async () => {
    const statuses = new Map<number, number>();
    for (let bytes = 1; bytes <= 60; bytes++) {
      statuses.set(bytes, await send(`cut_${bytes}.wav`, wav.slice(0, bytes), 'audio/wav'));
    }
    const faults = [...statuses].filter(([bytes, status]) => status !== (bytes < 44 ? 400 : 200));
    expect(faults).toEqual([]);
  });

  it.each(['webm', 'ogg', 'mp3', 'm4a', 'flac'] as const)(
    'of %s with wrong bytes is too',
    async (container) => {
      const whole = (await encodeAs(container, computedAudio(2, 0, 4000))).slice(0, 4096);
      const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(4095));
      let sequence = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 20 }), async (changes) => {
          const file = whole.slice();
          for (const [value, inHead, anywhere] of changes) {
            file[inHead % 64] = value;
            file[anywhere % file.length] = value;
          }
          sequence++;
          expect([200, 400]).toContain(await send(`x_${sequence}.${container}`, file, `audio/${container}`));
        }),
        { numRuns: 40 },
      );
    },
  );
});

describe('a body in another coat', () => {
  it.each(['gzip', 'br', 'deflate', 'gzip, gzip', 'x-unknown'])('of %s is refused unread', async (coding) => {
    const headers = { 'content-type': 'audio/wav', 'content-encoding': coding };
    const body = gzipSync(Buffer.alloc(1_000_000));
    await expectRefusal(rig, [415, 'unsupported_media_type'], () =>
      ask(rig, `/sessions/${id}/audio/audio_0.wav`, { body, headers }),
    );
  });

  it.each([
    ['without a boundary', 'multipart/form-data', '--x\r\n\r\n'],
    [
      'without a file',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    ],
    [
      'that never ends',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a_0.wav"\r\n\r\nRIFF',
    ],
    [
      'of another boundary',
      'multipart/form-data; boundary=y',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a_0.wav"\r\n\r\nRIFF\r\n--x--\r\n',
    ],
    ['that is empty', 'multipart/form-data; boundary=x', '--x--\r\n'],
  ])('of a form %s is refused', async (_name, type, body) => {
    await expectRefusal(rig, BAD_REQUEST, () =>
      ask(rig, `/sessions/${id}/audio`, { body, headers: { 'content-type': type } }),
    );
  });
});
