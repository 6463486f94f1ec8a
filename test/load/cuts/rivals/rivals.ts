import { type Scored, tallyTalk, tallyWindows } from '../runs/cutting.ts';
import type { Heard } from '../runs/hearing.ts';
import type { Tally } from '../runs/tally.ts';
import { SAMPLE_RATE } from '../sound/signal.ts';
import type { Talk } from '../speech/talk.ts';
import { silenceScores } from './silence-detect.ts';
import { atFullRate, openSilero, SILERO_FRAME } from './silero.ts';
import { webrtcScores } from './webrtc.ts';

/** What people cut with instead. */
export const RIVALS = [
  'silencedetect of ffmpeg',
  "WebRTC's detector",
  'Silero v6 on every frame',
  'every 15 s',
] as const;
export type Rival = (typeof RIVALS)[number];

/** The conditions in which they are tried. */
export const RIVAL_CONDITIONS: readonly string[] = [
  'clean',
  'pink 20 dB',
  'pink 10 dB',
  'pink 5 dB',
  'babble 10 dB',
  'telephone, pink 10 dB',
];

const WINDOW_SECONDS = 15;
const FRAMES_PER_SECOND = 50;

/** What one condition's counts are filed under. */
export const rivalName = (rival: Rival, condition: string): string => `${rival}: ${condition}`;

const frameOf = ({ sampleRate }: Heard): number => sampleRate / FRAMES_PER_SECOND;

async function silence(heard: Heard): Promise<Scored> {
  return { frameSamples: frameOf(heard), scores: await silenceScores(heard, frameOf(heard)) };
}

const webrtc = (heard: Heard): Scored => ({
  frameSamples: frameOf(heard),
  scores: webrtcScores(heard, frameOf(heard)),
});

/** Cuts a talk, as heard in each of the conditions, with what people use instead. */
export async function tallyRivals(
  talk: Talk,
  conditions: ReadonlyMap<string, Heard>,
): Promise<Record<string, Tally>> {
  const tallies: Record<string, Tally> = {};
  const add = (rival: Rival, condition: string, tally: Tally): void => {
    tallies[rivalName(rival, condition)] = tally;
  };
  for (const [name, heard] of conditions) {
    add('silencedetect of ffmpeg', name, tallyTalk(talk, heard, await silence(heard)));
    add("WebRTC's detector", name, tallyTalk(talk, heard, webrtc(heard)));
    add('every 15 s', name, tallyWindows(talk, heard, WINDOW_SECONDS));
  }
  const silero = await openSilero();
  if (silero === undefined) return tallies;
  const tracks = [...conditions.values()].map(({ samples, sampleRate }) => atFullRate(samples, sampleRate));
  const scores = await silero(tracks);
  for (const [index, name] of [...conditions.keys()].entries()) {
    const heard = { sampleRate: SAMPLE_RATE, samples: tracks[index]! };
    const scored = { frameSamples: SILERO_FRAME, scores: scores[index]! };
    add('Silero v6 on every frame', name, tallyTalk(talk, heard, scored));
  }
  return tallies;
}
