import { deflateSync } from 'node:zlib';

/** Whisper's own limit: text that packs better than this repeats itself (openai/whisper `compression_ratio_threshold`). */
const MAX_COMPRESSION_RATIO = 2.4;
const MAX_RUN_WORDS = 4;
const MIN_REPEATS = 4;

/** How many times smaller zlib makes the text; 0 for no text. */
export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length === 0 ? 0 : bytes.length / deflateSync(bytes).length;
}

/** True when a run of 1 to 4 words stands 4 or more times in a row. */
export function hasRepeatedRun(text: string): boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  for (let size = 1; size <= MAX_RUN_WORDS; size += 1) {
    let same = 0;
    for (let i = size; i < words.length; i += 1) {
      same = words[i] === words[i - size] ? same + 1 : 0;
      if (same >= size * (MIN_REPEATS - 1)) return true;
    }
  }
  return false;
}

/** True when a text looks like a decoder going round in circles. */
export function isLoop(text: string): boolean {
  return hasRepeatedRun(text) || compressionRatio(text) > MAX_COMPRESSION_RATIO;
}
