import { type CutSegment, createSegmenter } from '@earshot/audio';
import { createPocketsphinxEngine, type Engine } from '@earshot/transcription';
import { SAMPLE_RATE, toPcm } from '../sound/signal.ts';
import type { Synthesizer } from '../speech/synthesizer.ts';
import { type Line, makeTalk, type TalkPlan } from '../speech/talk.ts';
import { type Voice, voiceName } from '../speech/voices.ts';
import { errorsBySentence } from './alignment.ts';
import { spreadOfSum } from './chance.ts';

/** What cutting costs in words, percent of the words that were said. */
export interface WordErrors {
  readonly talkers: readonly string[];
  readonly words: number;
  /** Each sentence recognised alone, exactly from its first sound to its last. */
  readonly alone: number;
  /** The segments of the stream, one after the other. */
  readonly stream: number;
  /** Standard deviation of what lies between them, when the segments of the stream are drawn again and again. */
  readonly spread: number;
  /** Where the segments start, in samples of the stream, and seconds that the stream lasts. */
  readonly starts: readonly number[];
  readonly seconds: number;
}

/** A stream in which talkers follow each other, each in another manner. */
export interface WordPlan extends Omit<TalkPlan, 'index' | 'voice'> {
  readonly voices: readonly Voice[];
}

/** How many times its usual limit the engine may take, since it is run beside other programs. */
const PATIENCE = 30;

interface Stream {
  readonly samples: Int16Array;
  readonly lines: readonly Line[];
}

async function oneAfterTheOther(synthesizer: Synthesizer, { voices, ...plan }: WordPlan): Promise<Stream> {
  const samples = new Int16Array(plan.seconds * SAMPLE_RATE);
  const lines: Line[] = [];
  let position = 0;
  for (const [index, voice] of voices.entries()) {
    const seconds = plan.seconds / voices.length;
    const talk = await makeTalk(synthesizer, { ...plan, index, seconds, voice });
    samples.set(toPcm(talk.samples), position);
    for (const { text, start, end } of talk.lines) {
      lines.push({ text, start: position + start, end: position + end });
    }
    position += talk.samples.length;
  }
  return { samples: samples.subarray(0, position), lines };
}

/** All pieces of the stream as a service cuts it, without those that are marked as holding no speech. */
function segmentsOf(samples: Int16Array): CutSegment[] {
  const segmenter = createSegmenter({ sampleRate: SAMPLE_RATE });
  const segments = segmenter.push(samples);
  const rest = segmenter.flush();
  return [...segments, ...(rest === undefined ? [] : [rest])].filter(({ speech }) => speech);
}

/** Where the segments of the stream start that `measureWords` has recognised; the same cuts cost the same words. */
export async function segmentStarts(synthesizer: Synthesizer, plan: WordPlan): Promise<number[]> {
  const { samples } = await oneAfterTheOther(synthesizer, plan);
  return segmentsOf(samples).map(({ firstSample }) => firstSample);
}

/** What the engine understands of pieces, two of them at a time. */
async function recognised(
  engine: Engine,
  pieces: readonly Int16Array[],
  onPiece: () => void,
): Promise<string> {
  const texts = new Array<string>(pieces.length).fill('');
  const queue = pieces.entries();
  const { signal } = new AbortController();
  const work = async (): Promise<void> => {
    for (const [index, samples] of queue) {
      const { text } = await engine.transcribe({ samples }, { wantWords: false }, signal);
      texts[index] = text;
      onPiece();
    }
  };
  await Promise.all([work(), work()]);
  return texts.join(' ');
}

/** What is added up over the sentences that begin in each segment. */
function bySegment(lines: readonly Line[], values: readonly number[], starts: readonly number[]): number[] {
  const sums = starts.map(() => 0);
  for (const [index, { start }] of lines.entries()) {
    sums[
      Math.max(
        0,
        starts.findLastIndex((first) => first <= start),
      )
    ]! += values[index]!;
  }
  return sums;
}

/** Has the embedded engine recognise one clean stream, cut up and sentence by sentence. */
export async function measureWords(
  synthesizer: Synthesizer,
  plan: WordPlan,
  onProgress: (done: number, of: number) => void,
): Promise<WordErrors> {
  const { samples, lines } = await oneAfterTheOther(synthesizer, plan);
  const sentences = lines.map(({ text }) => text);
  const words = sentences.join(' ').split(' ').length;
  const engine = createPocketsphinxEngine({ loadAllowance: PATIENCE });
  const segments = segmentsOf(samples);
  const starts = segments.map(({ firstSample }) => firstSample);
  let done = 0;
  const errorsIn = async (pieces: readonly Int16Array[]): Promise<number[]> => {
    const heard = await recognised(engine, pieces, () => {
      done += 1;
      onProgress(done, segments.length + lines.length);
    });
    return errorsBySentence(sentences, heard);
  };
  try {
    const alone = await errorsIn(lines.map(({ start, end }) => samples.slice(start, end)));
    const stream = await errorsIn(segments.map((segment) => segment.samples));
    const added = stream.map((errors, index) => errors - alone[index]!);
    const ofWords = (errors: number): number => (100 * errors) / words;
    return {
      talkers: plan.voices.map(voiceName),
      words,
      alone: ofWords(sumOf(alone)),
      stream: ofWords(sumOf(stream)),
      spread: ofWords(spreadOfSum(bySegment(lines, added, starts))),
      starts,
      seconds: Math.round(samples.length / SAMPLE_RATE),
    };
  } finally {
    await engine.close();
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
