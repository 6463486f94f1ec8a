import type { CallEndReason } from '@earshot/protocol';
import type { CallHandle, PeerLink } from '../../ports.ts';

/** A call's handle that writes down what it is told, and can answer each tick of audio. */
export interface CallRecorder extends CallHandle {
  /** Everything but audio, in order. */
  readonly told: string[];
  readonly links: PeerLink[];
  readonly heard: Int16Array[];
  readonly samplesHeard: number;
  readonly lostSamples: number;
  readonly reason: CallEndReason | undefined;
}

/** Sees each step as it happens, to act from within it. */
export interface RecorderHooks {
  connected?(link: PeerLink): void;
  audio?(samples: Int16Array): void;
}

export function createCallRecorder(callId: string, hooks: RecorderHooks = {}): CallRecorder {
  const told: string[] = [];
  const links: PeerLink[] = [];
  const heard: Int16Array[] = [];
  let reason: CallEndReason | undefined;
  let lostSamples = 0;
  return {
    callId,
    told,
    links,
    heard,
    get samplesHeard() {
      return heard.reduce((sum, samples) => sum + samples.length, 0);
    },
    get lostSamples() {
      return lostSamples;
    },
    get reason() {
      return reason;
    },
    named: (externalCallId) => {
      told.push(`named ${externalCallId.replace(/-.*/, '')}`);
    },
    ringing: () => {
      told.push('ringing');
    },
    connected: (link) => {
      told.push('connected');
      links.push(link);
      hooks.connected?.(link);
    },
    audio: (samples) => {
      heard.push(samples.slice());
      hooks.audio?.(samples);
    },
    lost: (samples) => {
      lostSamples += samples;
    },
    dtmf: (digit) => {
      told.push(`dtmf ${digit}`);
    },
    warning: (type) => {
      told.push(`warning ${type}`);
    },
    unlinked: () => {
      told.push('unlinked');
    },
    ended: (why) => {
      told.push(`ended ${why}`);
      reason ??= why;
    },
  };
}
