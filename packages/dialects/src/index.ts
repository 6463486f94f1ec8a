export { createStreamDecoder } from './decoder.ts';
export type {
  AudioFrame,
  ConfiguredFormat,
  DecoderOptions,
  DecoderStats,
  DialectEvent,
  FormatEvent,
  GapEvent,
  StreamDecoder,
  StreamMessage,
} from './model/events.ts';
