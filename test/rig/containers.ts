import { spawn } from 'node:child_process';
import { encodePcm16le } from '@earshot/audio';

const ENCODERS = {
  webm: ['-c:a', 'libopus', '-b:a', '32k', '-f', 'webm'],
  ogg: ['-c:a', 'libopus', '-b:a', '32k', '-f', 'ogg'],
  mp3: ['-c:a', 'libmp3lame', '-b:a', '48k', '-f', 'mp3'],
  m4a: ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov', '-f', 'ipod'],
  flac: ['-c:a', 'flac', '-f', 'flac'],
} as const;

/** Encodes 16 kHz samples into a file as devices record it; rejects with what ffmpeg says. */
export function encodeAs(container: keyof typeof ENCODERS, samples: Int16Array): Promise<Uint8Array> {
  const input = ['-nostdin', '-v', 'error', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
  const child = spawn('ffmpeg', [...input, ...ENCODERS[container], 'pipe:1'], { stdio: 'pipe' });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(encodePcm16le(samples));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(new Uint8Array(Buffer.concat(out)));
      else reject(new Error(`ffmpeg: ${Buffer.concat(errors).toString('utf8')}`));
    });
  });
}
