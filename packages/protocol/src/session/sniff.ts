import type { AudioFormat } from './audio-format.ts';

/** Bytes of a file's head that `sniffAudio` wants; it takes fewer, and is then less sure about MPEG audio. */
export const SNIFF_BYTES = 4096;

/** Why a head is refused whatever its name or type says. */
export type SniffRefusal =
  | 'empty'
  | 'text'
  | 'playlist'
  | 'markup'
  | 'archive'
  | 'document'
  | 'executable'
  | 'image'
  | 'unsupported_container';

/**
 * What the first bytes of an upload are: a container's own header, something that is never taken, or bytes
 * without a header (a later piece of a recording that was uploaded in slices; or noise).
 */
export type Sniffed = { format: AudioFormat } | { refuse: SniffRefusal } | { continuation: true };

type Head = Uint8Array;

const ascii = (head: Head, from: number, length: number): string =>
  String.fromCharCode(...head.subarray(from, from + length));

/** Magic bytes (hex) of things that must not reach a decoder. */
const REFUSED_MAGIC: readonly (readonly [hex: string, reason: SniffRefusal])[] = [
  ['504b0304', 'archive'],
  ['504b0506', 'archive'],
  ['1f8b08', 'archive'],
  ['425a68', 'archive'],
  ['fd377a585a00', 'archive'],
  ['377abcaf271c', 'archive'],
  ['526172211a07', 'archive'],
  ['28b52ffd', 'archive'],
  ['25504446', 'document'],
  ['d0cf11e0a1b11ae1', 'document'],
  ['7f454c46', 'executable'],
  ['4d5a9000', 'executable'],
  ['cafebabe', 'executable'],
  ['cffaedfe', 'executable'],
  ['89504e470d0a1a0a', 'image'],
  ['ffd8ff', 'image'],
  ['474946383', 'image'],
  ['3026b2758e66cf11', 'unsupported_container'],
  ['464f524d', 'unsupported_container'],
  ['63616666', 'unsupported_container'],
  ['2321414d52', 'unsupported_container'],
  ['2e736e64', 'unsupported_container'],
  ['464c5601', 'unsupported_container'],
  ['000001ba', 'unsupported_container'],
  ['000001b3', 'unsupported_container'],
];

const hex = (head: Head): string =>
  Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');

function refusedMagic(head: Head): SniffRefusal | undefined {
  const start = hex(head);
  return REFUSED_MAGIC.find(([magic]) => start.startsWith(magic))?.[1];
}

/** MPEG transport streams repeat 0x47 every 188 bytes; they are how segments of a playlist arrive. */
const isTransportStream = (head: Head): boolean =>
  head.length > 376 && head[0] === 0x47 && head[188] === 0x47 && head[376] === 0x47;

function sniffText(head: Head): SniffRefusal | undefined {
  const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const probe = head.subarray(bom, bom + 512);
  const words = ascii(probe, 0, probe.length).trimStart().toLowerCase();
  if (/^(#extm3u|ffconcat|\[playlist\]|\[reference\]|file "|file '|v=0\s)/.test(words)) return 'playlist';
  if (/^<(\?xml|!doctype|!--|[a-z][a-z0-9:-]*[\s>/])/.test(words)) return 'markup';
  const printable = probe.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
  return printable && probe.length > 0 ? 'text' : undefined;
}

/** Bytes that `isWavHead` wants. */
export const WAV_HEAD_BYTES = 12;

/** Whether audio that was said to be raw begins as a WAV file does; samples that look like that are one in 2^60. */
export function isWavHead(head: Uint8Array): boolean {
  return ['RIFF', 'RF64', 'RIFX'].includes(ascii(head, 0, 4)) && ascii(head, 8, 4) === 'WAVE';
}

function sniffRiff(head: Head): Sniffed | undefined {
  const magic = ascii(head, 0, 4);
  if (magic !== 'RIFF' && magic !== 'RF64' && magic !== 'RIFX') return undefined;
  return 'WAVE'.startsWith(ascii(head, 8, 4)) ? { format: 'wav' } : { refuse: 'unsupported_container' };
}

/** ISO base media: `ftyp` opens a file; `styp`, `moof`, `sidx`, `mdat` open a later fragment of one. */
function sniffIsoMedia(head: Head): Sniffed | undefined {
  const box = ascii(head, 4, 4);
  if (box === 'ftyp') {
    const brand = ascii(head, 8, 4);
    return { format: brand === 'M4A ' || brand === 'M4B ' ? 'm4a' : 'mp4' };
  }
  return ['styp', 'moof', 'sidx', 'mdat'].includes(box) ? { continuation: true } : undefined;
}

/** Ogg pages (RFC 3533): only a page with the beginning-of-stream flag starts a file. */
function sniffOgg(head: Head): Sniffed | undefined {
  if (ascii(head, 0, 4) !== 'OggS') return undefined;
  return head.length > 5 && ((head[5] ?? 0) & 2) === 0 ? { continuation: true } : { format: 'ogg' };
}

const LAYER3_KBPS: readonly (readonly number[])[] = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const LAYER2_KBPS: readonly (readonly number[])[] = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const MPEG_RATES = [44_100, 48_000, 32_000];

/** Length in bytes of the MPEG audio frame (layer II or III) that begins here; 0 when none does. */
function mpegFrameBytes(head: Head, at: number): number {
  const [a = 0, b = 0, c = 0] = head.subarray(at, at + 3);
  if (a !== 0xff || (b & 0xe0) !== 0xe0) return 0;
  const version = (b >> 3) & 3;
  const layer = (b >> 1) & 3;
  const rate = MPEG_RATES[(c >> 2) & 3];
  if (version === 1 || (layer !== 1 && layer !== 2) || rate === undefined) return 0;
  const low = version === 3 ? 0 : 1;
  const kbps = (layer === 1 ? LAYER3_KBPS : LAYER2_KBPS)[low]?.[c >> 4] ?? 0;
  if (kbps === 0) return 0;
  const sampleRate = version === 3 ? rate : version === 2 ? rate / 2 : rate / 4;
  const samples = layer === 1 && low === 1 ? 72 : 144;
  return Math.floor((samples * kbps * 1000) / sampleRate) + ((c >> 1) & 1);
}

/** A sync word may stand in any compressed data, so the next frame must follow where the first ends. */
function isMpegAudio(head: Head): boolean {
  const first = mpegFrameBytes(head, 0);
  if (first === 0) return false;
  return first + 3 > head.length || mpegFrameBytes(head, first) > 0;
}

/**
 * Tells what an upload is from its first bytes (`SNIFF_BYTES` of them, or all of a shorter file). Playlists,
 * manifests and other text are refused before any decoder sees them: decoders follow the addresses in them.
 * Raw PCM has no header; do not ask about it.
 */
export function sniffAudio(head: Uint8Array): Sniffed {
  if (head.length === 0) return { refuse: 'empty' };
  if (hex(head).startsWith('1a45dfa3')) return { format: 'webm' };
  const container = sniffRiff(head) ?? sniffOgg(head) ?? sniffIsoMedia(head);
  if (container !== undefined) return container;
  if (ascii(head, 0, 4) === 'fLaC') return { format: 'flac' };
  if (ascii(head, 0, 3) === 'ID3' && head.length > 3 && (head[3] ?? 0xff) < 5) return { format: 'mp3' };
  if (isMpegAudio(head)) return { format: 'mp3' };
  const refused = refusedMagic(head) ?? (isTransportStream(head) ? 'unsupported_container' : undefined);
  const reason = refused ?? sniffText(head);
  return reason === undefined ? { continuation: true } : { refuse: reason };
}
