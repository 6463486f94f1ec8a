import type { Random } from '../runner/random.ts';
import type { Api, Deadline } from './api.ts';
import { Speaker } from './speaker.ts';
import { envelopeFormat, rawFormat } from './wire-format.ts';

/** How sessions of a run are spoken. */
export interface SessionPlan {
  readonly api: Api;
  /** Shortest and longest audio, seconds. */
  readonly seconds: readonly [number, number];
  /** 1 is real time. */
  readonly speed: number;
  /** Where to connect, given the session's own upload URL. */
  readonly route: (uploadUrl: string) => string;
  /** Called as soon as the session has a speaker. */
  readonly onSpeaker?: (speaker: Speaker) => void;
}

/** A session that was ended, or was given up. */
export interface SpokenSession {
  readonly speaker: Speaker;
  /** Why it was given up. */
  readonly problem?: string;
}

/** How a session's last connection is left before the End. */
const FAREWELLS = ['stop', 'open', 'hang-up'] as const;
const STOP_MS = 5000;

/** Creates a session, speaks all of its audio, and ends it once everything was acknowledged as durable. */
export async function speakSession(
  plan: SessionPlan,
  random: Random,
  deadline: Deadline,
): Promise<SpokenSession> {
  const { sessionId, uploadUrl } = await plan.api.create(deadline);
  const format = random.chance(0.75) ? rawFormat : envelopeFormat;
  const [least, most] = plan.seconds;
  const speaker = new Speaker({
    sessionId,
    seed: random.seed,
    format,
    samples: random.between(least * format.sampleRate, most * format.sampleRate),
    speed: plan.speed,
    random,
    url: () => plan.route(uploadUrl),
  });
  plan.onSpeaker?.(speaker);
  try {
    await speaker.speak(deadline);
    const farewell = random.pick(FAREWELLS);
    if (farewell === 'stop') await speaker.stop(STOP_MS);
    if (farewell === 'hang-up') speaker.hangUp();
    await plan.api.end(sessionId, deadline);
    speaker.noteEnded();
    return { speaker };
  } catch (error) {
    return { speaker, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    setTimeout(() => speaker.hangUp(), STOP_MS).unref();
  }
}
