/** Where the samples of a WAV file lie, and what they are. */
export interface WavHeader {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  /** True for plain PCM; false for floats, G.711 and everything packed. */
  readonly pcm: boolean;
  /** Byte position of the first sample. */
  readonly dataStart: number;
  /** Bytes of samples, or undefined when the writer did not know (a streamed file). */
  readonly dataBytes: number | undefined;
}

const PCM = 1;
const EXTENSIBLE = 0xfffe;

/** Reads a RIFF/WAVE header from the first bytes of a file; undefined when it is none, or not within them. */
export function readWavHeader(head: Uint8Array): WavHeader | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 12 || tag(head, 0) !== 'RIFF' || tag(head, 8) !== 'WAVE') return undefined;
  let format: Omit<WavHeader, 'dataStart' | 'dataBytes'> | undefined;
  for (let at = 12; at + 8 <= head.length; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(head, at) === 'fmt ' && body + 16 <= head.length) format = readFormat(view, body, size);
    if (tag(head, at) === 'data') {
      const unknown = size === 0 || size === 0xffffffff;
      return format && { ...format, dataStart: body, dataBytes: unknown ? undefined : size };
    }
    at = body + size + (size % 2);
  }
  return undefined;
}

function readFormat(view: DataView, body: number, size: number): Omit<WavHeader, 'dataStart' | 'dataBytes'> {
  const code = view.getUint16(body, true);
  // The extensible form keeps the real code in the first bytes of its sub-format GUID.
  const inner =
    code === EXTENSIBLE && size >= 26 && body + 26 <= view.byteLength
      ? view.getUint16(body + 24, true)
      : code;
  return {
    pcm: inner === PCM,
    channels: view.getUint16(body + 2, true),
    sampleRate: view.getUint32(body + 4, true),
    bitsPerSample: view.getUint16(body + 14, true),
  };
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** A 44-byte header for PCM16 mono samples. */
export function wavHeader(sampleRate: number, dataBytes: number): Uint8Array {
  const bytes = new Uint8Array(44);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
  return bytes;
}
