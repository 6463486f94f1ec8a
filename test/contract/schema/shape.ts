import { expect } from '@jest/globals';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { isRecord } from '../../rig/session-calls.ts';

/** A value of another type than the one given. */
function otherType(value: unknown): unknown {
  return typeof value === 'string' || value === null ? 7 : 'other';
}

function problems(validate: ValidateFunction, body: unknown): readonly string[] {
  if (validate(body)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}

/**
 * Holds an answer against a schema, and the schema against broken copies of the answer: one that lacks a required
 * field or has a field of another type must not pass, else the check would be worth nothing.
 */
export function expectToFit(validate: ValidateFunction, schema: Record<string, unknown>, body: object): void {
  expect(problems(validate, body)).toEqual([]);
  const entries = Object.entries(body);
  const required: unknown = schema['required'];
  for (const name of Array.isArray(required) ? required : []) {
    const without = Object.fromEntries(entries.filter(([key]) => key !== name));
    expect({ without: name, fits: validate(without) }).toEqual({ without: name, fits: false });
  }
  const properties = isRecord(schema['properties']) ? Object.keys(schema['properties']) : [];
  for (const [key, value] of entries.filter(([name]) => properties.includes(name))) {
    const broken = { ...body, [key]: otherType(value) };
    expect({ broken: key, fits: validate(broken) }).toEqual({ broken: key, fits: false });
  }
}

/** Fields that a schema names and an answer lacks. */
export function absentFields(schema: Record<string, unknown>, body: object): readonly string[] {
  const properties = isRecord(schema['properties']) ? Object.keys(schema['properties']) : [];
  return properties.filter((name) => !(name in body));
}
