import { LIMITS } from '@earshot/protocol';
import type { VoiceChoice } from '../address.ts';
import { createStampVoice } from './stamp-voice.ts';
import type { Voice } from './voice.ts';

const TICK_SAMPLES = (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000;

/** Makes the voice; `speech` is what `speak` says, 16 kHz. */
export function createVoice(choice: VoiceChoice, speech: Int16Array): Voice {
  switch (choice.kind) {
    case 'echo':
      return createEcho();
    case 'silent':
      return source((count) => new Int16Array(count));
    case 'tone':
      return createTone(choice.hz, choice.levelDb);
    case 'speak':
      return createSpeech(speech);
    case 'stamp':
      return createStampVoice();
  }
}

function source(next: (count: number) => Int16Array): Voice {
  return { next, hear: () => undefined, clear: () => undefined };
}

/** Gives back exactly what came since the last tick; a clock that drifts doubles or drops the last sample. */
function createEcho(): Voice {
  let heard: Int16Array[] = [];
  return {
    next: (count) => {
      const samples = heard.reduce((sum, part) => sum + part.length, 0);
      if (samples === 0) return new Int16Array(0);
      const answer = new Int16Array(Math.max(0, samples + count - TICK_SAMPLES));
      let at = 0;
      for (const part of heard) {
        answer.set(part.subarray(0, answer.length - at), at);
        at = Math.min(answer.length, at + part.length);
      }
      answer.fill(answer[at - 1] ?? 0, at);
      heard = [];
      return answer;
    },
    hear: (samples) => {
      heard.push(samples);
    },
    clear: () => {
      heard = [];
    },
  };
}

function createTone(hz: number, levelDb: number): Voice {
  const amplitude = 32_767 * 10 ** (levelDb / 20);
  const step = (2 * Math.PI * hz) / LIMITS.callSampleRate;
  let position = 0;
  return source((count) => {
    const from = position;
    position += count;
    return Int16Array.from({ length: count }, (_, index) =>
      Math.round(amplitude * Math.sin(step * (from + index))),
    );
  });
}

/** Speaks once, then is silent. */
function createSpeech(speech: Int16Array): Voice {
  let position = 0;
  return source((count) => {
    const tick = new Int16Array(count);
    tick.set(speech.subarray(position, position + count));
    position = Math.min(speech.length, position + count);
    return tick;
  });
}
