import type { Principal } from '../../auth/caller/principal.ts';
import type { ErrorShape } from '../failure/error-body.ts';

/**
 * Who may call a route. `tenant`: whoever holds a credential, for that tenant's things. `capability`: whoever knows the
 * unguessable id or signature in the URL; the handler checks it. `public`: everybody.
 */
export type RouteAccess = 'public' | 'tenant' | 'capability';

/** How long a request body may take. `false` leaves it to the handler. */
export type BodyDeadline = { readonly totalMs: number } | { readonly idleMs: number } | false;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route declares it; a route without does not register. */
    access?: RouteAccess;
    /**
     * Which keys may call a `tenant` route: those of the whole `tenant` (when absent), those of one `line`, or `any`.
     * Others are refused with `number_scope_not_allowed` or `tenant_scope_not_allowed`.
     */
    scope?: 'tenant' | 'line' | 'any';
    /**
     * Shape of error bodies: the MedScribe `envelope` (when absent), `flat` `{error, code}` with the code in capitals
     * (Pilot Status), or `gateway` `{error_code, message}`.
     */
    errors?: ErrorShape;
    /** Group of the rate limit; `default` for tenant routes, `address` for the others. False: not limited. */
    limit?: string | false;
    /** Status of a body, query or path that does not match its schema; 400 when absent. */
    validationStatus?: 400 | 422;
    /** Within LIMITS.requestBodyMs in total when absent. */
    bodyDeadline?: BodyDeadline;
    /** Accepts any MSA-Version header, as discovery must. */
    anyVersion?: boolean;
    /** Media types of a body that the handler reads by itself; for the OpenAPI document. */
    rawBody?: readonly string[];
    /** Media types, by status, of an answer that the handler sends by itself; for the OpenAPI document. */
    rawAnswer?: Readonly<Record<number, readonly string[]>>;
  }
  interface FastifyRequest {
    /** Who makes the request; null on routes that are not `tenant`. */
    principal: Principal | null;
  }
}
