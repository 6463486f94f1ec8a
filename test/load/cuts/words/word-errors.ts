import { createSegmenter } from '@earshot/audio';
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
}

/** Talkers that follow each other in the stream. */
const TALKERS = 4;

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
function segmentsOf(samples: Int16Array): Int16Array[] {
  const segmenter = createSegmenter({ sampleRate: SAMPLE_RATE });
  const segments = segmenter.push(samples);
  const rest = segmenter.flush();
  return [...segments, ...(rest === undefined ? [] : [rest])]
    .filter(({ speech }) => speech)
    .map((segment) => segment.samples);
}

/** What the engine understands of pieces, two of them at a time. */
async function recognised(engine: Engine, pieces: readonly Int16Array[]): Promise<string> {
  const texts = new Array<string>(pieces.length).fill('');
  const queue = pieces.entries();
  const work = async (): Promise<void> => {
    for (const [index, samples] of queue) {
      const { text } = await engine.transcribe(
        { samples },
        { wantWords: false },
        new AbortController().signal,
      );
      texts[index] = text;
    }
  };
  await Promise.all([work(), work()]);
  return texts.join(' ');
}

/** Has the embedded engine recognise one clean stream, cut up and sentence by sentence. */
export async function measureWords(
  synthesizer: Synthesizer,
  plan: Omit<TalkPlan, 'index'>,
): Promise<WordErrors> {
  const { samples, lines } = await oneAfterTheOther(synthesizer, plan);
  const said = lines.map(({ text }) => text).join(' ');
  const engine = createPocketsphinxEngine();
  const errors = async (pieces: readonly Int16Array[]): Promise<number> =>
    100 * wordErrorRate(said, await recognised(engine, pieces));
  try {
    return {
      words: said.split(' ').length,
      alone: await errors(lines.map(({ start, end }) => samples.slice(start, end))),
      stream: await errors(segmentsOf(samples)),
    };
  } finally {
    await engine.close();
  }
}
