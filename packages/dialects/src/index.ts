export { createStreamDecoder } from './decoder.ts';
export type {
  AudioFrame,
  ConfiguredFormat,
  DecoderOptions,
  DecoderStats,
  DialectEvent,
  DtmfEvent,
  FormatEvent,
  GapEvent,
  MarkEvent,
  StreamDecoder,
  StreamMessage,
} from './model/events.ts';
export type { ReplyMessage, ReplyOptions, StreamReply } from './reply/reply.ts';
export { createStreamReply } from './reply/stream-reply.ts';
