import { type AudioFormat, formatOfExtension, formatOfMediaType, parseMediaType } from '@earshot/protocol';

/** What an upload holds, as far as names tell. */
export interface AudioKind {
  readonly format: AudioFormat;
  /** Undefined when the extension says it all. */
  readonly contentType: string | undefined;
  /** Of raw PCM16. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** Formats whose later pieces a server joins to the first, as browsers' recorders cut them. */
const CONTINUING: ReadonlySet<AudioFormat> = new Set(['webm', 'ogg', 'm4a', 'mp4', 'mp3', 'pcm']);

/** Told by the content type, else by the name's extension. Throws RangeError when neither names an audio format. */
export function audioKind(given: { name: string | undefined; contentType: string | undefined }): AudioKind {
  const type = parseMediaType(given.contentType ?? '');
  const byType = type === undefined ? undefined : formatOfMediaType(type);
  const format = byType ?? formatOfExtension(/\.([^.]+)$/.exec(given.name ?? '')?.[1] ?? '');
  if (format === undefined) {
    throw new RangeError('An upload needs a name or a contentType that names its audio format.');
  }
  return {
    format,
    contentType: byType === undefined ? undefined : given.contentType,
    sampleRate: Number(type?.parameters['rate'] ?? 16_000),
    channels: Number(type?.parameters['channels'] ?? 1),
  };
}

/** The kind of raw PCM16. */
export function pcmKind(sampleRate: number, channels: number): AudioKind {
  const contentType = `audio/l16;rate=${sampleRate};channels=${channels}`;
  return { format: 'pcm', contentType, sampleRate, channels };
}

export function canContinue(kind: AudioKind): boolean {
  return CONTINUING.has(kind.format);
}

/** Bytes of a piece that ends between two samples. */
export function wholePiece(kind: AudioKind, bytes: number): number {
  const frame = kind.format === 'pcm' ? 2 * kind.channels : 1;
  return Math.max(frame, bytes - (bytes % frame));
}
