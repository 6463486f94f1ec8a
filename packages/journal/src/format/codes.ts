import type { Gap, TrackName } from '@earshot/protocol';

/** Numbers on disk are positions in these lists: only ever add at the end. */
const TRACKS: readonly TrackName[] = ['main', 'inbound', 'outbound'];
const REASONS: readonly Gap['reason'][] = [
  'missing_frames',
  'dropped',
  'interrupted',
  'corrupt',
  'missing_file',
  'undecodable_file',
];

export const TRACK_COUNT = TRACKS.length;

export function trackCode(track: TrackName): number {
  return TRACKS.indexOf(track);
}

export function trackOfCode(code: number): TrackName | undefined {
  return TRACKS[code];
}

/** 1 and up; 0 stands for audio. */
export function reasonCode(reason: Gap['reason']): number {
  return REASONS.indexOf(reason) + 1;
}

/** A code of a later version reads as `corrupt`: the samples are missing either way. */
export function reasonOfCode(code: number): Gap['reason'] {
  return REASONS[code - 1] ?? 'corrupt';
}
