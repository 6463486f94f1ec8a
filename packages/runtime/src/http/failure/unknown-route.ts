import { EarshotError } from '@earshot/protocol';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { ErrorShape } from './error-body.ts';

interface KnownRoute {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly shape: ErrorShape | undefined;
}

/** A router pattern (`/a/:id/*`) as a regular expression of paths. */
function pathPattern(url: string): RegExp {
  const parts = url.split(/(:[A-Za-z_]\w*|\*)/).map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}/?$`);
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

/** Knows all routes, to tell a wrong method (405, with Allow) from a wrong path (404). */
export interface RouteTable {
  add(route: RouteOptions): void;
  /** Methods that a path has, upper case, sorted. */
  allowed(path: string): readonly string[];
  /** How the routes at the path of a URL write their errors. */
  shapeOf(url: string): ErrorShape;
}

export function createRouteTable(): RouteTable {
  const routes: KnownRoute[] = [];
  return {
    add(route) {
      if (route.url === '*' || route.url === '/*') return;
      routes.push({
        methods: [route.method].flat(),
        pattern: pathPattern(route.url),
        shape: route.config?.errors,
      });
    },
    allowed(path) {
      const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((known) => known.methods);
      return [...new Set(methods)].sort();
    },
    shapeOf(url) {
      const path = pathOf(url);
      return routes.find(({ pattern }) => pattern.test(path))?.shape ?? 'envelope';
    },
  };
}

/** Creates the handler of requests that no route took. */
export function createUnknownRoute(table: RouteTable) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    const allowed = table.allowed(pathOf(request.url));
    if (allowed.length === 0) throw new EarshotError('resource_not_found');
    void reply.header('allow', allowed.join(', '));
    throw new EarshotError('method_not_allowed', { details: { allowed_methods: allowed } });
  };
}
