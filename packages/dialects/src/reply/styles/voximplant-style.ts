import { encodeBase64 } from '../../wire/base64.ts';
import { type ReplyMessage, textReply } from '../reply.ts';
import type { ReplyStyle } from '../reply-style.ts';

const ENCODINGS = { pcm16: 'PCM16', mulaw: 'ULAW', alaw: 'ALAW' };

/** Voximplant: a stream of our own with the same messages that it sends, counted from 0; no marks, no clear. */
export const voximplantReply: ReplyStyle = {
  packetBytes: null,
  padded: false,
  order: 'little',
  open({ format: { codec, sampleRate } }) {
    let sequenceNumber = 0;
    let chunk = 0;
    let samplesSent = 0;
    const write = (event: string, content: object): ReplyMessage => {
      const message = textReply({ event, sequenceNumber, ...content });
      sequenceNumber += 1;
      return message;
    };
    return {
      media(bytes, samples) {
        const mediaFormat = { encoding: ENCODINGS[codec], sampleRate };
        const opening = sequenceNumber === 0 ? [write('start', { start: { mediaFormat } })] : [];
        const timestamp = Math.round((samplesSent * 1000) / sampleRate);
        const media = write('media', { media: { chunk, timestamp, payload: encodeBase64(bytes) } });
        chunk += 1;
        samplesSent += samples;
        return [...opening, media];
      },
      mark: null,
      clear: null,
      hangup: () => (sequenceNumber === 0 ? null : write('stop', { stop: {} })),
    };
  },
};
