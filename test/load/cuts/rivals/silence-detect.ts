import { spawn } from 'node:child_process';
import { encodePcm16le } from '@earshot/audio';
import type { Heard } from '../runs/hearing.ts';

/** Silence by the level of samples alone, as people cut with it: below -35 dB for 200 ms. */
const FILTER = 'silencedetect=noise=-35dB:d=0.2';

/** Scores of frames as `silencedetect` of ffmpeg sees them: 0 in silence, 1 elsewhere. */
export async function silenceScores(heard: Heard, frameSamples: number): Promise<number[]> {
  const log = await ffmpegLog(heard);
  const scores = new Array<number>(Math.ceil(heard.samples.length / frameSamples)).fill(1);
  const frameAt = (seconds: string | undefined): number =>
    Math.round((Number(seconds) * heard.sampleRate) / frameSamples);
  const starts = [...log.matchAll(/silence_start: (-?[\d.]+)/g)];
  const ends = [...log.matchAll(/silence_end: ([\d.]+)/g)];
  for (const [index, start] of starts.entries()) {
    const end = ends[index];
    scores.fill(0, Math.max(0, frameAt(start[1])), end === undefined ? undefined : frameAt(end[1]));
  }
  return scores;
}

function ffmpegLog({ sampleRate, samples }: Heard): Promise<string> {
  const input = ['-f', 's16le', '-ar', String(sampleRate), '-ac', '1', '-i', 'pipe:0'];
  const child = spawn('ffmpeg', ['-hide_banner', '-nostats', ...input, '-af', FILTER, '-f', 'null', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(log) : reject(new Error(`ffmpeg failed: ${log}`))));
    child.stdin.on('error', reject);
    child.stdin.end(encodePcm16le(samples));
  });
}
