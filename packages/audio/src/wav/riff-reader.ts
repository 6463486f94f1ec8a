import { EarshotError } from '@earshot/protocol';

/** A chunk of a RIFF file: its four letters, where its content starts, and the size it claims, bytes. */
export interface RiffChunk {
  readonly tag: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Chunks that may come before the audio; real files have fewer than ten. */
const MAX_CHUNKS = 64;
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

/** What lies before the samples of a WAVE file, and the `data` chunk that holds them. */
export interface RiffHead {
  readonly before: readonly RiffChunk[];
  readonly data: RiffChunk;
}

/**
 * Walks the chunks of a WAVE file up to its `data`; content of odd size is followed by a padding byte.
 * Throws `invalid_audio_format` when this is no WAVE file or `view` ends before the audio begins.
 */
export function readRiffHead(view: DataView): RiffHead {
  requireWave(view);
  const before: RiffChunk[] = [];
  let offset = RIFF_HEADER_BYTES;
  while (before.length < MAX_CHUNKS) {
    if (offset + CHUNK_HEADER_BYTES > view.byteLength) throw truncated();
    const bytes = view.getUint32(offset + 4, true);
    const chunk = { tag: tagAt(view, offset), offset: offset + CHUNK_HEADER_BYTES, bytes };
    if (chunk.tag === 'data') return { before, data: chunk };
    if (chunk.offset + bytes > view.byteLength) throw truncated();
    before.push(chunk);
    offset = chunk.offset + bytes + (bytes % 2);
  }
  throw invalidWav('The WAV file has too many chunks before its audio.');
}

/** The error of a WAV header that cannot be used; `message` says what is wrong with it. */
export function invalidWav(message: string): EarshotError {
  return new EarshotError('invalid_audio_format', { message });
}

function requireWave(view: DataView): void {
  if (view.byteLength < RIFF_HEADER_BYTES) throw truncated();
  const container = tagAt(view, 0);
  if (!['RIFF', 'RF64', 'BW64'].includes(container) || tagAt(view, 8) !== 'WAVE') {
    throw invalidWav('The audio is not a WAV file.');
  }
}

function truncated(): EarshotError {
  return invalidWav('The WAV file ends before its audio begins.');
}

function tagAt(view: DataView, offset: number): string {
  return String.fromCharCode(
    view.getUint8(offset),
    view.getUint8(offset + 1),
    view.getUint8(offset + 2),
    view.getUint8(offset + 3),
  );
}
