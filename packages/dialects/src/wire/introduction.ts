import { LIMITS } from '@earshot/protocol';
import type { JsonObject } from '../model/dialect.ts';
import { anyField, identifierField, objectField } from './fields.ts';

/** What an opening message tells about the call beside its audio. */
export interface Introduction {
  readonly from: string | null;
  readonly parameters: Readonly<Record<string, string>>;
}

const NAME = /^[\w.:-]{1,64}$/;
const VALUE = /^[^\p{Cc}\p{Cs}]{0,512}$/u;
const BUNDLES = ['customParameters', 'custom_parameters', 'metadata', 'headers'];

/** Reads who calls and what was passed on; what is not short and printable is left out. */
export function readIntroduction(message: JsonObject): Introduction {
  const start = objectField(message, 'start');
  const passed = {
    ...flatHeaders(message),
    ...objectField(message, ...BUNDLES),
    ...objectField(start, ...BUNDLES),
    ...headerList(anyField(message, 'extra_headers')),
  };
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(passed).slice(0, LIMITS.maxStreamParameters)) {
    if (!NAME.test(name) || name === '__proto__') continue;
    if (typeof value === 'string' && VALUE.test(value)) parameters[name] = value;
  }
  const from = identifierField(start, 'from') ?? identifierField(message, 'from') ?? passedCaller(parameters);
  return { from, parameters };
}

/** Platforms that do not name the caller are commonly told to pass the number on. */
function passedCaller(parameters: Readonly<Record<string, string>>): string | null {
  return identifierField(parameters, 'from', 'From', 'caller', 'Caller');
}

/** Vonage puts what it was told to pass on beside `content-type`. */
function flatHeaders(message: JsonObject): JsonObject {
  if (anyField(message, 'content-type') === undefined) return {};
  const headers = Object.entries(message).filter(([name]) => name !== 'event' && name !== 'content-type');
  return Object.fromEntries(headers);
}

/** Plivo's `extra_headers`: `name=value` joined by semicolons. */
function headerList(written: unknown): Record<string, string> {
  if (typeof written !== 'string') return {};
  const pairs = written.split(';', LIMITS.maxStreamParameters).map((pair) => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, Math.max(0, equals)).trim(), pair.slice(equals + 1).trim()] as const;
  });
  return Object.fromEntries(pairs);
}
