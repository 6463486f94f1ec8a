import type { Log } from '@earshot/runtime';
import { createSileroSpeechCheck, type SpeechCheck } from '@earshot/transcription';

/** A speech check that is an opinion only: when it breaks, the segment goes to the engine as if none was asked. */
export function forgiving(check: SpeechCheck, log: Pick<Log, 'warn'>): SpeechCheck {
  return {
    async check(samples) {
      try {
        return await check.check(samples);
      } catch (error) {
        log.warn({ err: error }, 'the speech check failed; the segment is transcribed without it');
        return { speech: true, probability: 1, coverage: 'probes' };
      }
    },
    close: () => check.close(),
  };
}

/** Opens the Silero check; throws a sentence that says what is missing. */
export async function openSpeechCheck(log: Pick<Log, 'warn'>): Promise<SpeechCheck> {
  const check = await createSileroSpeechCheck();
  if ('unavailable' in check) throw new Error(`EARSHOT_SPEECH_CHECK cannot be used. ${check.unavailable}`);
  return forgiving(check, log);
}
