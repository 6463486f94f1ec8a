import { createHash } from 'node:crypto';
import { parseWavHeader } from '@earshot/audio';

/** SHA-256 of a track's PCM16LE from position 0, fed with its segments in time order; holes count as zeros. */
export interface TrackHash {
  /** Adds the sound of a WAV object that begins at a position, in samples; what lies behind the end so far counts once. */
  add(firstSample: number, wav: Uint8Array): void;
  /** Fills up to the end of the track and gives the digest, hex. */
  end(samples: number): string;
}

/** Zeros that are hashed at a time, bytes. */
const ZEROS = new Uint8Array(65_536);

export function createTrackHash(): TrackHash {
  const hash = createHash('sha256');
  let position = 0;
  const fillTo = (sample: number): void => {
    for (let left = (sample - position) * 2; left > 0; left -= ZEROS.length) {
      hash.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    }
    position = Math.max(position, sample);
  };
  return {
    add(firstSample, wav) {
      const { dataOffset, dataBytes } = parseWavHeader(wav);
      fillTo(firstSample);
      const known = Math.min(dataBytes, (position - firstSample) * 2);
      hash.update(wav.subarray(dataOffset + known, dataOffset + dataBytes));
      position = Math.max(position, firstSample + Math.floor(dataBytes / 2));
    },
    end(samples) {
      fillTo(samples);
      return hash.digest('hex');
    },
  };
}
