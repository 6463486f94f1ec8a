import type { RouteOptions } from 'fastify';

/** Deny by default: a route that does not say who may call it must not exist. */
export function createRouteGuard(hasAuthenticator: boolean): (route: RouteOptions) => void {
  return (route) => {
    const access = route.config?.access;
    const scope = route.config?.scope;
    const name = `${String(route.method)} ${route.url}`;
    if (access === undefined) throw new TypeError(`route ${name} declares no config.access`);
    if (access === 'tenant' && !hasAuthenticator) {
      throw new TypeError(`route ${name} needs an authenticator and the server has none`);
    }
    if (access !== 'tenant' && scope !== undefined) {
      throw new TypeError(`route ${name} declares a scope, and asks for no key`);
    }
  };
}
