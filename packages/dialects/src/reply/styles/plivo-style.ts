import { encodeBase64 } from '../../wire/base64.ts';
import { textReply } from '../reply.ts';
import type { ReplyStyle } from '../reply-style.ts';

const CONTENT_TYPES = { pcm16: 'audio/x-l16', mulaw: 'audio/x-mulaw', alaw: 'audio/x-alaw' };

/** Vobiz and Plivo: `playAudio` in 20 ms, little-endian even where the audio that comes is not. */
export const plivoReply: ReplyStyle = {
  packetBytes: null,
  padded: false,
  order: 'little',
  open({ format, streamId }) {
    const declared = { contentType: CONTENT_TYPES[format.codec], sampleRate: format.sampleRate };
    return {
      media: (bytes) => [
        textReply({ event: 'playAudio', media: { ...declared, payload: encodeBase64(bytes) } }),
      ],
      mark: (name) => textReply({ event: 'checkpoint', streamId, name }),
      clear: () => [textReply({ event: 'clearAudio', streamId })],
      hangup: () => textReply({ event: 'stop', streamId }),
    };
  },
};
