import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallMedia, equalPieces } from '@earshot/client';
import { LIMITS } from '@earshot/protocol';
import { openAudioSource } from '../../../audio/audio-source.ts';
import { Pacer } from '../../../audio/pacer.ts';
import { floatSamples } from '../../../audio/sample-scale.ts';
import { createProgress } from '../../../terminal/progress.ts';
import type { Setting } from '../../setting.ts';
import { chosenCall, type LineOptions, whenActive } from '../chosen-call.ts';

/** Audio that is sent before it is spoken, ms: more than a network's jitter, less than what the server asks to pause at. */
const LEAD_MS = 200;
/** 20 ms. */
const FRAME_BYTES = (LIMITS.callSampleRate / 50) * 2;

/** Says a file into a call at the speed of speech; resolves when the peer has heard all of it. */
export async function talkIntoCall(
  setting: Setting,
  { id, file }: { readonly id: string; readonly file: string },
  options: LineOptions,
): Promise<void> {
  await access(file).catch(() => {
    throw new Error(`${file} cannot be read.`);
  });
  const chosen = await chosenCall(setting, id, options);
  await whenActive(chosen);
  const source = await openAudioSource(file, LIMITS.callSampleRate, LIMITS.callSampleRate);
  const media = await chosen.client.openMedia({ ...chosen.name, mode: 'talk' });
  const progress = createProgress(setting.stderr);
  const show = (seconds: number) =>
    progress.show({
      label: 'talking',
      ratio: source.seconds === undefined ? undefined : seconds / source.seconds,
      detail: `${basename(file)}  ${seconds.toFixed(1)} s`,
    });
  try {
    const seconds = await say(media, source.pieces, show);
    const heard = await media.mark();
    progress.clear();
    if (heard === 'cleared') throw new Error('Somebody cleared what was said before the peer heard it all.');
    setting.stderr.write(`${seconds.toFixed(2)} s were heard\n`);
  } finally {
    progress.clear();
    media.close();
    await media.ended;
  }
}

/** Returns the seconds that were said. */
async function say(
  media: CallMedia,
  pieces: AsyncIterable<Uint8Array>,
  show: (seconds: number) => void,
): Promise<number> {
  const pacer = new Pacer(LEAD_MS, () => performance.now());
  let samples = 0;
  for await (const frame of equalPieces(pieces, FRAME_BYTES)) {
    const said = floatSamples(frame);
    await media.send(said);
    samples += said.length;
    show(samples / LIMITS.callSampleRate);
    const waitMs = pacer.gave((said.length / LIMITS.callSampleRate) * 1000);
    if (waitMs > 0) await sleep(waitMs);
  }
  return samples / LIMITS.callSampleRate;
}
