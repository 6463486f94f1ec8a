import { openAsBlob } from 'node:fs';
import { basename, extname } from 'node:path';
import { type EarshotClient, equalPieces, wavHeader } from '@earshot/client';
import { formatOfExtension } from '@earshot/protocol';
import { openAudioSource } from '../../audio/audio-source.ts';
import type { Progress } from '../../terminal/progress.ts';

export interface UploadJob {
  readonly client: EarshotClient;
  readonly progress: Progress;
  readonly file: string;
  readonly session: { readonly upload_url: string };
  readonly rate: number;
}

const CHUNK_SECONDS = 10;

/** Uploads the file as it is, without reading it into memory; returns the number of files sent, 1. */
export async function uploadWhole(job: UploadJob): Promise<number> {
  const { client, progress, file, session, rate } = job;
  const extension = extname(file).slice(1);
  const format = formatOfExtension(extension);
  if (format === undefined) {
    throw new Error(`earshot does not take .${extension} files; --stream or --chunked decode with ffmpeg.`);
  }
  progress.show({ label: 'uploading', ratio: undefined, detail: basename(file) });
  const { files } = await client.upload(session, await openAsBlob(file), {
    name: `audio.${format}`,
    ...(format === 'pcm' ? { contentType: `audio/l16;rate=${rate}` } : {}),
  });
  return files.length;
}

/** Uploads the audio as WAV files of 10 s each; returns how many. */
export async function uploadChunks(job: UploadJob): Promise<number> {
  const { client, progress, file, session } = job;
  const source = await openAudioSource(file, job.rate);
  let sent = 0;
  for await (const samples of equalPieces(source.pieces, source.sampleRate * CHUNK_SECONDS * 2)) {
    const header = wavHeader(source.sampleRate, samples.length);
    await client.upload(session, new Blob([header, samples]), { contentType: 'audio/wav' });
    sent += 1;
    const seconds = sent * CHUNK_SECONDS;
    progress.show({
      label: 'uploading',
      ratio: source.seconds === undefined ? undefined : seconds / source.seconds,
      detail: `${basename(file)}  ${sent} files`,
    });
  }
  return sent;
}
