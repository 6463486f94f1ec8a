import { EarshotError, LIMITS } from '@earshot/protocol';
import type { HttpServer } from '../contract/http-server.ts';

function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth >= LIMITS.maxJsonBodyDepth) return true;
  return Object.values(value).some((child) => isTooDeep(child, depth + 1));
}

/** Carries no cause: a parser's own message quotes the body. */
const invalid = (message: string): EarshotError => new EarshotError('invalid_request', { message });

/**
 * JSON bodies by Fastify's own parser, which refuses `__proto__`. An empty body with a JSON content type is no body,
 * since published clients send it so. Other content types have no parser unless a scope adds one.
 */
export function registerJsonBody(app: HttpServer): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length === 0) {
      done(null, undefined);
      return;
    }
    void parse(request, text, (error, value: unknown) => {
      if (error) done(invalid('The body is not valid JSON.'));
      else if (isTooDeep(value, 0)) done(invalid('The body is nested too deeply.'));
      else done(null, value);
    });
  });
}
