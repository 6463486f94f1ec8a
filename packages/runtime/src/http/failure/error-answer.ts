import { EarshotError, ERRORS, type ErrorCode } from '@earshot/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorShape, errorAnswer } from './error-body.ts';
import type { RouteTable } from './unknown-route.ts';
import { validationFailure } from './validation-failure.ts';

/** Errors of the framework that are the caller's doing, as our codes. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'resource_not_found',
  FST_ERR_NOT_FOUND: 'resource_not_found',
};

interface Failure {
  readonly error: EarshotError;
  readonly status: number;
}

function isFrameworkError(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('FST_')
  );
}

/** What serving a static file throws for paths outside its folder. */
function isFileRefusal(error: unknown): boolean {
  return error instanceof Error && 'expose' in error && error.expose === true;
}

const failure = (error: EarshotError, status = error.status): Failure => ({ error, status });

function classify(error: unknown, request: FastifyRequest): Failure {
  if (error instanceof EarshotError) return failure(error);
  if (isFrameworkError(error)) {
    if (error.validation !== undefined) {
      return failure(validationFailure(error, request), request.routeOptions.config.validationStatus ?? 400);
    }
    const code = FRAMEWORK_CODES[error.code];
    if (code !== undefined) return failure(new EarshotError(code, { cause: error }));
  }
  if (isFileRefusal(error)) return failure(new EarshotError('resource_not_found', { cause: error }));
  const message = ERRORS.internal_error.message;
  return failure(new EarshotError('internal_error', { message, cause: error }));
}

function retryAfter(error: EarshotError): number | undefined {
  const seconds = error.details?.['retry_after_seconds'];
  return typeof seconds === 'number' ? Math.ceil(seconds) : undefined;
}

function report(request: FastifyRequest, { error, status }: Failure): void {
  if (status < 500) request.log.debug({ code: error.code, err: error.cause }, 'request refused');
  else if (error.code === 'internal_error')
    request.log.error({ err: error.cause ?? error }, 'request failed');
  else request.log.warn({ code: error.code, err: error.cause }, 'request could not be served');
}

/**
 * Creates the one error handler: every refusal leaves in the shape of its route, or of the routes at its path; what we
 * did not expect says nothing.
 */
export function createErrorAnswer(routes: Pick<RouteTable, 'shapeOf'>) {
  /** Requests that the router refused by itself have no configuration. */
  const shapeOf = ({ is404, routeOptions, url }: FastifyRequest): ErrorShape =>
    is404 ? routes.shapeOf(url) : (routeOptions.config.errors ?? 'envelope');

  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const failed = classify(error, request);
    report(request, failed);
    const answer = errorAnswer(shapeOf(request), failed.error, failed.status);
    const seconds = retryAfter(failed.error);
    if (seconds !== undefined) void reply.header('retry-after', String(seconds));
    if (answer.status === 401) void reply.header('www-authenticate', 'Bearer realm="earshot"');
    void reply
      .code(answer.status)
      .type('application/json; charset=utf-8')
      .serializer((payload: unknown) => JSON.stringify(payload))
      .send(answer.body);
  };
}
