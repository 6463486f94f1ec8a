import type { JsonObject } from '../model/dialect.ts';

const IDENTIFIER = /^[\x21-\x7e]{1,256}$/;
const SENTENCE = /^[\x20-\x7e]{1,200}$/;
const LABEL = /^[\w:./;= +-]{1,64}$/;

/** Whether a parsed JSON value is an object with named fields. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first present field among spellings (camelCase, snake_case); inherited names are never found. */
export function anyField(object: JsonObject | null, ...names: readonly string[]): unknown {
  if (object === null) return undefined;
  const name = names.find((candidate) => Object.hasOwn(object, candidate));
  return name === undefined ? undefined : object[name];
}

/** A field that holds an object, else null. */
export function objectField(object: JsonObject | null, ...names: readonly string[]): JsonObject | null {
  const value = anyField(object, ...names);
  return isJsonObject(value) ? value : null;
}

/** An identifier in printable ASCII, from a string or a number; null for anything else. */
export function identifierField(object: JsonObject | null, ...names: readonly string[]): string | null {
  const value = anyField(object, ...names);
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && IDENTIFIER.test(text) ? text : null;
}

/** A short printable sentence of the sender, null for anything else. */
export function sentenceField(object: JsonObject | null, ...names: readonly string[]): string | null {
  const value = anyField(object, ...names);
  return typeof value === 'string' && SENTENCE.test(value) ? value : null;
}

/** A whole number from 0 to 2^53-1, sent as a number or as decimal digits; null for anything else. */
export function wholeNumber(value: unknown): number | null {
  if (typeof value === 'string') return /^\d{1,15}$/.test(value) ? Number(value) : null;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** What an error or warning may repeat of a sender's word: short and plain, else only that it was something else. */
export function safeLabel(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && LABEL.test(value) ? value : '(unprintable)';
}
