import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema, RouteOptions } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { HttpServer } from '../contract/http-server.ts';
import { ERROR_SCHEMAS } from '../failure/error-body.ts';

/** What the OpenAPI document says about the API as a whole. */
export interface ApiDescription {
  readonly title: string;
  readonly version: string;
  /** Markdown. */
  readonly description: string;
}

/** Everything the page loads comes from this server. */
const PAGE_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

const SECURITY_SCHEMES = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key (`sk_live_…`).' },
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or an access token.' },
  apiKeyId: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key-Id',
    description: "Beside a key of the whole tenant: the id of a line's key, to act as that key.",
  },
} as const;

type RouteConfig = NonNullable<RouteOptions['config']>;

function securityOf({ access, scope }: RouteConfig): Record<string, readonly string[]>[] {
  if (access !== 'tenant') return [];
  const named = scope === 'line' || scope === 'any' ? [{ apiKey: [], apiKeyId: [] }] : [];
  return [{ apiKey: [] }, { bearer: [] }, ...named];
}

const SCOPE_SENTENCES = {
  tenant: 'Needs a key of the whole tenant.',
  line: 'Needs the key of one line.',
  any: "Takes a key of the whole tenant, or of one line for that line's things.",
} as const;

/** What the reader is told about the keys of a route that says which it takes. */
function descriptionOf(given: string | undefined, { scope }: RouteConfig): string | undefined {
  if (scope === undefined) return given;
  return given === undefined ? SCOPE_SENTENCES[scope] : `${given} ${SCOPE_SENTENCES[scope]}`;
}

interface RawContent {
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
}

/** A body that the handler reads or sends by itself, as OpenAPI 3.1 writes it. */
function rawContent(mediaTypes: readonly string[]): RawContent {
  const binary = { type: 'string', format: 'binary' };
  return {
    content: Object.fromEntries(
      mediaTypes.map((type) => [type, { schema: type === 'application/json' ? { type: 'object' } : binary }]),
    ),
  };
}

function rawAnswers(
  byStatus: Readonly<Record<string, readonly string[]>>,
): Record<string, RawContent & { description: string }> {
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, types]) => [
      status,
      { description: STATUS_CODES[status] ?? status, ...rawContent(types) },
    ]),
  );
}

/** A route may have no schema at all, whatever the types of the plugin say. */
function schemaOf(schema: FastifySchema | undefined): FastifySchema {
  return schema ?? {};
}

type Transform = typeof jsonSchemaTransform;

/** Adds to each documented route what its configuration implies: security, the error body, raw bodies. */
const describeRoute: Transform = (input) => {
  const { config } = input.route;
  const given = schemaOf(input.schema);
  if (given.hide === true) return jsonSchemaTransform(input);
  const responses = typeof given.response === 'object' ? given.response : {};
  const description = descriptionOf(given.description, config ?? {});
  const schema: FastifySchema = {
    ...given,
    ...(description === undefined ? {} : { description }),
    security: securityOf(config ?? {}),
    response: { ...responses, default: ERROR_SCHEMAS[config?.errors ?? 'envelope'] },
  };
  const described = jsonSchemaTransform({ ...input, schema });
  const answers = typeof described.schema.response === 'object' ? described.schema.response : {};
  return {
    ...described,
    schema: {
      ...described.schema,
      ...(config?.rawBody === undefined ? {} : { body: rawContent(config.rawBody) }),
      response: { ...rawAnswers(config?.rawAnswer ?? {}), ...answers },
    },
  };
};

/** `/` leads browsers to the reference page, and says the same to others (links as in RFC 8631). */
function registerFrontDoor(app: HttpServer, { title, version }: ApiDescription): void {
  app.get(
    '/',
    { config: { access: 'public', anyVersion: true }, schema: { hide: true } },
    (_request, reply) => {
      void reply
        .code(302)
        .headers({
          // Relative, as a proxy may serve all this below a path of its own.
          location: './docs',
          link: '<./docs>; rel="service-doc", <./openapi.json>; rel="service-desc"',
        })
        .send({ service: title, version, documentation: './docs', openapi: './openapi.json' });
    },
  );
}

/** Collects the routes registered after it; serve them with `registerReference` . */
export async function registerOpenApi(app: HttpServer, api: ApiDescription): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: api.title, version: api.version, description: api.description },
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transform: describeRoute,
  });
  app.get(
    '/openapi.json',
    { config: { access: 'public', anyVersion: true }, schema: { hide: true } },
    async (_request, reply) => {
      void reply.header('cache-control', 'public, max-age=300');
      return app.swagger();
    },
  );
  registerFrontDoor(app, api);
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public', anyVersion: true };
    });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: PAGE_POLICY,
      uiConfig: { validatorUrl: null, deepLinking: true },
    });
  });
}
