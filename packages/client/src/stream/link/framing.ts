/** Audio that a caller hands in: PCM16 samples, or their little-endian bytes. */
export type StreamAudio = Int16Array | Uint8Array;

/** How audio crosses the socket: bare bytes (16 kHz only), or JSON frames that name their rate. */
export type StreamMode = 'raw' | 'envelope';

/** The rate that raw frames have by the protocol (stream audio, option A), samples per second. */
export const RAW_SAMPLE_RATE = 16_000;

/** Bytes of audio in one message: well below the server's message limit even as base64. */
export const MESSAGE_BYTES = 65_536;

/** The little-endian bytes of samples, whatever the host's order; bytes are passed on as they are. */
export function audioBytes(audio: StreamAudio): Uint8Array {
  if (audio instanceof Uint8Array) return audio;
  const bytes = new Uint8Array(audio.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [index, sample] of audio.entries()) view.setInt16(index * 2, sample, true);
  return bytes;
}

/** The message that carries a piece of audio. */
export function audioMessage(piece: Uint8Array, mode: StreamMode): string | Uint8Array {
  return mode === 'raw' ? piece : JSON.stringify({ event: 'media', media: { payload: base64(piece) } });
}

/** The first frame of an envelope stream: declares the rate of what follows. */
export function startMessage(sampleRate: number): string {
  return JSON.stringify({
    event: 'start',
    start: { mediaFormat: { encoding: 'audio/x-l16', sampleRate, channels: 1 } },
  });
}

/** Asks the server to flush and to close; legal in both modes. */
export function stopMessage(reason?: string): string {
  return JSON.stringify(reason === undefined ? { event: 'stop' } : { event: 'stop', reason });
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
