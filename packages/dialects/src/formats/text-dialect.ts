import type { UsualFormat } from '../model/dialect.ts';
import { commonControl } from '../wire/control-message.ts';
import { countedMedia } from '../wire/media-fields.ts';

/** Messages of media-stream platforms that tell about the call or about playback, not about the audio to come. */
const QUIET_EVENTS: ReadonlySet<string> = new Set([
  'connected',
  'dtmf',
  'mark',
  'clear',
  'cleared',
  'playAudio',
  'played',
  'playedStream',
  'clearAudio',
  'clearedAudio',
  'checkpoint',
]);

/** What dialects with audio in JSON text have in common. */
export const textDialect = {
  carrier: 'text',
  firstChunk: null,
  keepsOrder: true,
  restartable: false,
  quietEvents: QUIET_EVENTS,
  scansMedia: true,
  media: countedMedia,
  control: commonControl,
} as const;

/** Mu-law at 8,000 Hz, which Twilio and its kind send when they do not say. */
export const usualMulaw: UsualFormat = {
  codec: 'mulaw',
  sampleRate: 8000,
  bigEndian: false,
  ambiguousOrder: true,
  mayBeUndeclared: false,
};

/** Linear PCM at 8,000 Hz, little-endian unless checked. */
export const usualLinear: UsualFormat = { ...usualMulaw, codec: 'pcm16' };

/** Platforms that can send what the caller hears take no audio while they do: a stream of both tracks is one-way. */
export function oneWayIfOutbound(tracks: unknown): false | null {
  const names = Array.isArray(tracks) ? tracks : [tracks];
  return names.some((name) => typeof name === 'string' && /outbound|both/i.test(name)) ? false : null;
}
