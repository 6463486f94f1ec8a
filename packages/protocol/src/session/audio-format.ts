/** A container or raw format of an uploaded file, by the extension under which it is stored. */
export const AUDIO_FORMATS = ['webm', 'ogg', 'wav', 'mp3', 'm4a', 'mp4', 'flac', 'pcm'] as const;
export type AudioFormat = (typeof AUDIO_FORMATS)[number];

/** MIME types advertised in discovery; the server accepts exactly these, their aliases and the extensions. */
export const ADVERTISED_MIME_TYPES = [
  'audio/webm;codecs=opus',
  'audio/webm',
  'audio/ogg',
  'audio/ogg;codecs=opus',
  'audio/wav',
  'audio/mp3',
  'audio/mpeg',
  'audio/mp4',
  'audio/m4a',
  'audio/flac',
  'audio/l16',
] as const;

const BY_TYPE: Readonly<Record<string, AudioFormat>> = {
  'audio/webm': 'webm',
  'video/webm': 'webm',
  'audio/ogg': 'ogg',
  'audio/opus': 'ogg',
  'application/ogg': 'ogg',
  'audio/wav': 'wav',
  'audio/wave': 'wav',
  'audio/x-wav': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/m4a': 'm4a',
  'audio/x-m4a': 'm4a',
  'video/mp4': 'mp4',
  'audio/flac': 'flac',
  'audio/x-flac': 'flac',
  'audio/l16': 'pcm',
  'audio/x-l16': 'pcm',
  'audio/pcm': 'pcm',
};

/** A parsed media type: lower-case essence and parameters, quotes removed. */
export interface MediaType {
  readonly essence: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Parses `audio/L16; rate="8000"` whatever its case and spaces; undefined when it is no media type. */
export function parseMediaType(header: string): MediaType | undefined {
  const [head = '', ...rest] = header.split(';');
  const essence = head.trim().toLowerCase();
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(essence)) return undefined;
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const value = part
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    parameters[part.slice(0, equals).trim().toLowerCase()] = value;
  }
  return { essence, parameters };
}

/** The stored format of a media type, or undefined when it is not an audio type that we take. */
export function formatOfMediaType(type: MediaType): AudioFormat | undefined {
  return Object.hasOwn(BY_TYPE, type.essence) ? BY_TYPE[type.essence] : undefined;
}

/** The format of a file extension without its dot, any case. */
export function formatOfExtension(extension: string): AudioFormat | undefined {
  const lower = extension.toLowerCase();
  if (lower === 'raw' || lower === 'l16') return 'pcm';
  if (lower === 'oga' || lower === 'opus') return 'ogg';
  return AUDIO_FORMATS.find((format) => format === lower);
}
