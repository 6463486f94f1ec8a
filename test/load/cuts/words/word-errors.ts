import { type CutSegment, createSegmenter } from '@earshot/audio';
import { createPocketsphinxEngine, type Engine, wordErrorRate } from '@earshot/transcription';
import { SAMPLE_RATE, toPcm } from '../sound/signal.ts';
import type { Synthesizer } from '../speech/synthesizer.ts';
import { type Line, makeTalk, type TalkPlan } from '../speech/talk.ts';

/** What cutting costs in words, percent of the words that were said. */
export interface WordErrors {
  readonly words: number;
  /** Each sentence recognised alone, exactly from its first sound to its last. */
  readonly alone: number;
  /** The segments of the stream, one after the other. */
  readonly stream: number;
  /** Where the segments start, in samples of the stream, and seconds that the stream lasts. */
  readonly starts: readonly number[];
  readonly seconds: number;
  /** A hash of the samples of the stream. */
  readonly sound: number;
}

/** What is known of a stream from before: its sentences need not be recognised again, however it is cut by now. */
interface KnownSentences {
  readonly alone: number;
  readonly sound?: number | undefined;
}

/** Talkers that follow each other in the stream. */
const TALKERS = 4;
/** How many times its usual limit the engine may take, since it is run beside other programs. */
const PATIENCE = 30;

interface Stream {
  readonly samples: Int16Array;
  readonly lines: readonly Line[];
}

async function oneAfterTheOther(synthesizer: Synthesizer, plan: Omit<TalkPlan, 'index'>): Promise<Stream> {
  const samples = new Int16Array(plan.seconds * SAMPLE_RATE);
  const lines: Line[] = [];
  let position = 0;
  for (let index = 0; index < TALKERS; index += 1) {
    const talk = await makeTalk(synthesizer, { ...plan, index, seconds: plan.seconds / TALKERS });
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
export async function segmentStarts(
  synthesizer: Synthesizer,
  plan: Omit<TalkPlan, 'index'>,
): Promise<number[]> {
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

function hashOf(samples: Int16Array): number {
  return samples.reduce((hash, sample) => (Math.imul(hash, 31) + sample) | 0, 0);
}

interface WordOptions {
  /** Of an earlier run, which counts when the stream is the same. */
  readonly known: KnownSentences | undefined;
  readonly onProgress: (done: number, of: number) => void;
}

/** Has the embedded engine recognise one clean stream, cut up and sentence by sentence. */
export async function measureWords(
  synthesizer: Synthesizer,
  plan: Omit<TalkPlan, 'index'>,
  { known, onProgress }: WordOptions,
): Promise<WordErrors> {
  const { samples, lines } = await oneAfterTheOther(synthesizer, plan);
  const said = lines.map(({ text }) => text).join(' ');
  const engine = createPocketsphinxEngine({ loadAllowance: PATIENCE });
  const segments = segmentsOf(samples);
  const sound = hashOf(samples);
  const isKnown = known?.sound === sound;
  const all = segments.length + (isKnown ? 0 : lines.length);
  let done = 0;
  const errors = async (pieces: readonly Int16Array[]): Promise<number> => {
    const heard = await recognised(engine, pieces, () => {
      done += 1;
      onProgress(done, all);
    });
    return 100 * wordErrorRate(said, heard);
  };
  try {
    return {
      words: said.split(' ').length,
      alone: isKnown ? known.alone : await errors(lines.map(({ start, end }) => samples.slice(start, end))),
      stream: await errors(segments.map((segment) => segment.samples)),
      starts: segments.map(({ firstSample }) => firstSample),
      seconds: Math.round(samples.length / SAMPLE_RATE),
      sound,
    };
  } finally {
    await engine.close();
  }
}
