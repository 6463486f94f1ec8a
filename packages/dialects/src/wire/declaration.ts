import type { Declaration, JsonObject } from '../model/dialect.ts';
import { anyField, objectField } from './fields.ts';

const BYTE_ORDER_FIELDS = ['byteOrder', 'byte_order', 'endianness'];

type FormatFields = Pick<Declaration, 'encoding' | 'sampleRate' | 'channels' | 'byteOrder'>;

/** Reads `{encoding, sampleRate, channels}` in either spelling, with an optional byte order. */
export function formatFields(format: JsonObject | null): FormatFields {
  return {
    encoding: anyField(format, 'encoding', 'contentType', 'content_type', 'content-type'),
    sampleRate: anyField(format, 'sampleRate', 'sample_rate'),
    channels: anyField(format, 'channels'),
    byteOrder: anyField(format, ...BYTE_ORDER_FIELDS),
  };
}

/** The `mediaFormat` (or `media_format`) of a start message: nested, as documented, or at its top level. */
export function mediaFormatOf(message: JsonObject): JsonObject | null {
  const names = ['mediaFormat', 'media_format'];
  return objectField(objectField(message, 'start'), ...names) ?? objectField(message, ...names);
}
