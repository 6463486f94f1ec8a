import { EarshotError, type ProcessingIssue, type TrackName } from '@earshot/protocol';
import type { Declaration, Dialect, JsonObject, UsualFormat } from './model/dialect.ts';
import type { DecoderOptions } from './model/events.ts';
import type { StreamFormat } from './model/format.ts';
import { defaultTrack } from './timeline/track-names.ts';
import {
  type Encoding,
  parseByteOrder,
  parseEncoding,
  parseSampleRate,
  refuseSeveralChannels,
} from './wire/encoding.ts';
import { type Introduction, readIntroduction } from './wire/introduction.ts';

/** What is known once a stream is open. */
export interface Opening {
  readonly format: StreamFormat;
  readonly defaultTrack: TrackName;
  readonly callId: string | null;
  readonly streamId: string | null;
  readonly bidirectional: boolean | null;
  readonly introduction: Introduction;
  readonly issues: readonly ProcessingIssue[];
}

const DEFAULT_SAMPLE_RATE = 16_000;

/** The route's default rate; throws unsupported_encoding for a rate outside the limits. */
export function defaultSampleRate(options: DecoderOptions): number {
  return parseSampleRate(options.defaultSampleRate) ?? DEFAULT_SAMPLE_RATE;
}

/** Reads an opening message: what it declares, then what the dialect usually is; throws unsupported_encoding. */
export function readOpening(dialect: Dialect, message: JsonObject, options: DecoderOptions): Opening {
  const declared = dialect.declares(message);
  const usual = dialect.usual ?? configured(options);
  const encoding = parseEncoding(declared.encoding);
  refuseSeveralChannels(declared.channels ?? encoding?.channels);
  const issues: ProcessingIssue[] = [];
  const codec = encoding?.codec ?? usual.codec;
  if (encoding === null && !usual.mayBeUndeclared) {
    const message = 'The stream declares no encoding; the usual one of its dialect is taken.';
    issues.push({ type: 'format_assumed', message, details: { encoding: codec } });
  }
  const format: StreamFormat = {
    codec,
    ...byteOrder(
      { codec, named: parseByteOrder(declared.byteOrder) ?? encoding?.bigEndian ?? null },
      usual,
      options,
    ),
    sampleRate: sampleRate(declared, encoding, issues) ?? usual.sampleRate ?? defaultSampleRate(options),
    channels: declared.interleaved ?? [null],
  };
  const { callId, streamId, bidirectional } = declared;
  const introduction = readIntroduction(message);
  return {
    ...{ format, defaultTrack: defaultTrack(declared.tracks), callId, streamId },
    ...{ bidirectional, introduction, issues },
  };
}

/** The format of a dialect that has none on the wire. */
function configured(options: DecoderOptions): UsualFormat {
  const encoding = parseEncoding(options.wavixFormat?.encoding);
  if (encoding === null) {
    throw new EarshotError('unsupported_encoding', {
      message: 'Wavix does not say how its audio is coded, and no format is configured for it.',
    });
  }
  return {
    codec: encoding.codec,
    sampleRate: parseSampleRate(options.wavixFormat?.sampleRate),
    bigEndian: encoding.bigEndian ?? false,
    ambiguousOrder: encoding.bigEndian === null,
    mayBeUndeclared: true,
  };
}

/** An explicit field beats the parameter of the encoding's name. */
function sampleRate(
  declared: Declaration,
  encoding: Encoding | null,
  issues: ProcessingIssue[],
): number | null {
  const field = parseSampleRate(declared.sampleRate);
  if (field === null) return parseSampleRate(encoding?.sampleRate);
  const parameter = encoding?.sampleRate;
  if (parameter !== undefined && parameter !== String(field)) {
    const message = 'The encoding names another sample rate than the sampleRate field; the field is taken.';
    issues.push({ type: 'sample_rate_conflict', message, details: { sampleRate: field } });
  }
  return field;
}

/** The operator's word beats the stream's, and that beats the dialect's habit; only a habit is ever checked. */
function byteOrder(
  asked: { readonly codec: StreamFormat['codec']; readonly named: boolean | null },
  usual: UsualFormat,
  options: DecoderOptions,
): Pick<StreamFormat, 'bigEndian' | 'verifyByteOrder'> {
  if (asked.codec === 'float32' && asked.named === true) {
    throw new EarshotError('unsupported_encoding', { message: 'Big-endian float32 is not supported.' });
  }
  if (asked.codec === 'float32') return { bigEndian: false, verifyByteOrder: false };
  if (asked.codec !== 'pcm16') return { bigEndian: null, verifyByteOrder: false };
  const route =
    options.byteOrder === undefined || options.byteOrder === 'auto' ? null : options.byteOrder === 'big';
  const fixed = route ?? asked.named;
  return { bigEndian: fixed ?? usual.bigEndian, verifyByteOrder: fixed === null && usual.ambiguousOrder };
}

/** Whether audio of a repeated start can go on where the earlier one left off. */
export function sameFormat(a: StreamFormat, b: StreamFormat): boolean {
  return (
    a.codec === b.codec &&
    a.sampleRate === b.sampleRate &&
    a.bigEndian === b.bigEndian &&
    a.channels.length === b.channels.length
  );
}
