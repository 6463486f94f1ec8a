import { createFiveBandDetector, decodePcm16le, rmsDb } from '@earshot/audio';
import type { JournalStream } from '@earshot/journal';
import { type JournalAudio, readAudio } from './journal-audio.ts';
import { type PendingSegment, segmentWav, WAV_HEAD_BYTES } from './segment-object.ts';

/** A level below which nobody speaks, dB relative to full scale. */
const SPEECH_DB = -65;

/** A segment as an earlier process cut and stored it, with its audio. */
export interface OwnAudio extends JournalAudio {
  readonly segment: PendingSegment;
}

/**
 * The segment that stands where another one was cut from the same audio: a write of a process that died may take
 * effect late, and its successor cuts elsewhere. Undefined when the journal does not hold exactly these samples.
 */
export async function ownAudio(
  stream: JournalStream,
  segment: PendingSegment,
  { standing, attempt }: { standing: Uint8Array; attempt: number },
): Promise<OwnAudio | undefined> {
  const { track, sampleRate, firstSample } = segment;
  const samples = (standing.length - WAV_HEAD_BYTES) / 2;
  const to = firstSample + samples;
  if (samples < 1 || !Number.isInteger(samples) || to > stream.durable(track)) return undefined;
  const { pcm, damaged } = await readAudio(stream, track, { from: firstSample, to, attempt });
  if (Buffer.compare(segmentWav(sampleRate, pcm), standing) !== 0) return undefined;
  return { segment: { ...segment, ...measure(pcm, sampleRate), samples, cut: 'recovered' }, pcm, damaged };
}

/** What lies before a position of the track, and the rest; undefined where nothing does. */
export function splitAt(
  segment: PendingSegment,
  at: number,
): { before: PendingSegment | undefined; rest: PendingSegment | undefined } {
  const { firstSample, samples } = segment;
  const taken = Math.min(Math.max(at - firstSample, 0), samples);
  return {
    before: taken === 0 ? undefined : { ...segment, samples: taken },
    rest:
      taken === samples
        ? undefined
        : { ...segment, firstSample: firstSample + taken, samples: samples - taken },
  };
}

/** What a cutter would have told of the samples; silence is the only thing that is surely not speech. */
function measure(
  pcm: Uint8Array,
  sampleRate: number,
): Pick<PendingSegment, 'speechRatio' | 'levelDb' | 'speech'> {
  const samples = decodePcm16le(pcm);
  const detector = createFiveBandDetector(sampleRate);
  let frames = 0;
  let voiced = 0;
  for (let at = 0; at + detector.frameSamples <= samples.length; at += detector.frameSamples) {
    frames += 1;
    if (detector.push(samples.subarray(at, at + detector.frameSamples)) >= 0.5) voiced += 1;
  }
  const levelDb = rmsDb(samples);
  return { speechRatio: frames === 0 ? 0 : voiced / frames, levelDb, speech: levelDb > SPEECH_DB };
}
