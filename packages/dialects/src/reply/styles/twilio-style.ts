import { encodeBase64 } from '../../wire/base64.ts';
import { type ReplyMessage, textReply } from '../reply.ts';
import type { ReplyStyle } from '../reply-style.ts';

/** Twilio's messages, which others took over with another name for the stream's id, or with none. */
function twilioStyle(idField: string | null, packetBytes: number | null): ReplyStyle {
  return {
    packetBytes,
    padded: packetBytes !== null,
    order: 'stream',
    open({ streamId }) {
      const id = idField === null ? {} : { [idField]: streamId };
      const write = (event: string, content: object): ReplyMessage => textReply({ event, ...id, ...content });
      return {
        media: (bytes) => [write('media', { media: { payload: encodeBase64(bytes) } })],
        mark: (name) => write('mark', { mark: { name } }),
        clear: () => [write('clear', {})],
        hangup: () => null,
      };
    },
  };
}

/** Twilio and SignalWire: no header before the samples; the call goes on when the socket is closed. */
export const twilioReply = twilioStyle('streamSid', null);
/** Exotel takes messages of 3,200 to 100,000 bytes, each a multiple of 320. */
export const exotelReply = twilioStyle('stream_sid', 3200);
/** Telnyx takes 20 ms to 30 s of RTP payload a message, and knows the stream by its socket. */
export const telnyxReply = twilioStyle(null, null);
export const wavixReply = twilioStyle('stream_id', null);
