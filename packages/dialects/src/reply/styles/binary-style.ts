import { textReply } from '../reply.ts';
import type { ReplyStyle } from '../reply-style.ts';

/** Binary messages of one size, each of whole samples and 20 ms. */
const binaryStyle = { packetBytes: null, padded: true, order: 'little' } as const;

/** Vonage: `notify` comes back when the audio before it was played. */
export const vonageReply: ReplyStyle = {
  ...binaryStyle,
  open: () => ({
    media: (data) => [{ binary: true, data }],
    mark: (name) => textReply({ action: 'notify', payload: { name } }),
    clear: () => [textReply({ action: 'clear' })],
    hangup: () => null,
  }),
};

/** Jambonz: marks that were overtaken by a clear are told as cleared only when they are cleared too. */
export const jambonzReply: ReplyStyle = {
  ...binaryStyle,
  open: () => ({
    media: (data) => [{ binary: true, data }],
    mark: (name) => textReply({ type: 'mark', data: { name } }),
    clear: () => [textReply({ type: 'killAudio' }), textReply({ type: 'clearMarks' })],
    hangup: () => textReply({ type: 'disconnect' }),
  }),
};
