import { type CallMedia, MediaClosedError } from '@earshot/client';
import { LIMITS } from '@earshot/protocol';
import { pcm16Samples } from '../../../audio/sample-scale.ts';
import { onInterrupt } from '../../../terminal/interrupt.ts';
import type { Setting } from '../../setting.ts';
import { chosenCall, type LineOptions, whenActive } from '../chosen-call.ts';
import { Heard } from './heard.ts';
import { openSink } from './sink.ts';

export interface ListenOptions extends LineOptions {
  readonly out?: string;
  readonly raw?: boolean;
  readonly seconds?: number;
}

/** Writes what the peer says, until the call ends, so many seconds are there, or the user interrupts. */
export async function listenToCall(setting: Setting, id: string, options: ListenOptions): Promise<void> {
  const chosen = await chosenCall(setting, id, options);
  const { callId } = await whenActive(chosen);
  const sink = await openSink(setting, options, `${callId}.wav`);
  const most = (options.seconds ?? Number.POSITIVE_INFINITY) * LIMITS.callSampleRate;
  const heard = new Heard(sink, most);
  try {
    const media = await chosen.client.openMedia(
      { ...chosen.name, mode: 'listen' },
      {
        onAudio: (samples) => heard.take(pcm16Samples(samples)),
        onEvent: (event) => event.type === 'gap' && heard.miss(event.samples),
      },
    );
    await lastOf(media, heard);
  } finally {
    await heard.written().finally(() => sink.finish());
  }
  const seconds = (heard.samples / LIMITS.callSampleRate).toFixed(2);
  const missed = heard.missed === 0 ? '' : `, ${heard.missed} samples of them missed and silent`;
  setting.stderr.write(`${seconds} s${missed}${sink.name === undefined ? '' : ` in ${sink.name}`}\n`);
}

/** Resolves when there is nothing more to hear; rejects when the socket broke. */
async function lastOf(media: CallMedia, heard: Heard): Promise<void> {
  const release = onInterrupt(() => media.close());
  void heard.full.then(() => media.close());
  const end = await media.ended.finally(release);
  if (!end.callEnded && end.code !== 1000) throw new MediaClosedError(end);
}
