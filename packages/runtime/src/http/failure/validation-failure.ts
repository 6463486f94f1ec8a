import { EarshotError } from '@earshot/protocol';
import type { FastifyError, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

const MAX_FIELDS = 20;
const MAX_TEXT = 200;

interface FieldFailure {
  readonly path: string;
  readonly message: string;
  readonly missing: boolean;
}

function partOf(request: FastifyRequest, context: string | undefined): unknown {
  if (context === 'params') return request.params;
  if (context === 'querystring') return request.query;
  return context === 'headers' ? request.headers : request.body;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return value;
}

/** Unknown fields are named one by one; the validator reports their parent. */
function unknownKeys(params: unknown): readonly string[] {
  if (typeof params !== 'object' || params === null || !('keys' in params) || !Array.isArray(params.keys))
    return [];
  return params.keys.filter((key) => typeof key === 'string');
}

function failuresOf(error: FastifyError, request: FastifyRequest): FieldFailure[] {
  if (!hasZodFastifySchemaValidationErrors(error)) return [];
  const part = partOf(request, error.validationContext);
  return error.validation.flatMap(({ instancePath, message, params }) => {
    const path = instancePath.split('/').filter((name) => name !== '');
    const keys = unknownKeys(params);
    if (keys.length > 0) {
      return keys.map((key) => ({
        path: [...path, key].join('.'),
        message: 'unknown field',
        missing: false,
      }));
    }
    const value = valueAt(part, path);
    // A number in a query is read from text: what is none was never sent as such.
    const reason = message?.replace(/, received NaN$/, '');
    return [
      {
        path: path.join('.'),
        message: reason ?? 'not valid',
        missing: value === undefined || (value === null && path.length === 0),
      },
    ];
  });
}

/**
 * What a request that does not match its schema is told: each field by path and reason, never its value.
 * `missing_required_field` when the first thing wrong is a field that is not there, else `invalid_request`.
 */
export function validationFailure(error: FastifyError, request: FastifyRequest): EarshotError {
  const failures = failuresOf(error, request);
  const fields = failures
    .slice(0, MAX_FIELDS)
    .map(({ path, message }) => ({ path: path.slice(0, MAX_TEXT), message: message.slice(0, MAX_TEXT) }));
  const [first] = failures;
  if (first === undefined) return new EarshotError('invalid_request');
  if (!first.missing) return new EarshotError('invalid_request', { details: { fields } });
  const message = first.path === '' ? 'A request body is required.' : undefined;
  return new EarshotError('missing_required_field', {
    ...(message === undefined ? {} : { message }),
    details: { fields },
  });
}
