import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { EarshotClient } from '@earshot/client';
import { formatOfExtension } from '@earshot/protocol';
import { openAudioSource } from '../../audio/audio-source.ts';
import { equalPieces } from '../../audio/pieces.ts';
import { wavHeader } from '../../audio/wav-header.ts';
import type { Progress } from '../../terminal/progress.ts';

export interface UploadJob {
  readonly client: EarshotClient;
  readonly progress: Progress;
  readonly file: string;
  readonly uploadUrl: string;
  readonly rate: number;
}

const CHUNK_SECONDS = 10;

/** Uploads the file as it is, without reading it into memory; returns the number of files sent, 1. */
export async function uploadWhole(job: UploadJob): Promise<number> {
  const extension = extname(job.file).slice(1);
  const format = formatOfExtension(extension);
  if (format === undefined) {
    throw new Error(`earshot does not take .${extension} files; --stream or --chunked decode with ffmpeg.`);
  }
  const { size } = await stat(job.file);
  await job.client.uploadFile(job.uploadUrl, {
    name: `audio_0.${format}`,
    data: counted(createReadStream(job.file), (bytes) =>
      job.progress.show({
        label: 'uploading',
        ratio: size === 0 ? undefined : bytes / size,
        detail: basename(job.file),
      }),
    ),
    ...(format === 'pcm' ? { contentType: `audio/l16;rate=${job.rate}` } : {}),
  });
  return 1;
}

/** Uploads the audio as WAV files of 10 s each; returns how many. */
export async function uploadChunks(job: UploadJob): Promise<number> {
  const source = await openAudioSource(job.file, job.rate);
  let sent = 0;
  for await (const samples of equalPieces(source.pieces, source.sampleRate * CHUNK_SECONDS * 2)) {
    const header = wavHeader(source.sampleRate, samples.length);
    await job.client.uploadFile(job.uploadUrl, {
      name: `audio_${sent}.wav`,
      data: Buffer.concat([header, samples]),
      contentType: 'audio/wav',
    });
    sent += 1;
    const seconds = sent * CHUNK_SECONDS;
    job.progress.show({
      label: 'uploading',
      ratio: source.seconds === undefined ? undefined : seconds / source.seconds,
      detail: `${basename(job.file)}  ${sent} files`,
    });
  }
  return sent;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  tell: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    tell(bytes);
    yield piece;
  }
}
