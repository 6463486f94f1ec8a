import { randomUUID } from 'node:crypto';
import { EarshotError, LIMITS } from '@earshot/protocol';
import Fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { createBlockTest } from '../address/block-test.ts';
import { type ClientAddress, createClientAddress } from '../address/client-address.ts';
import { createAuthentication, createFailureCount } from './access/authentication.ts';
import { createRateLimiting } from './access/rate-limiting.ts';
import { createRouteGuard } from './access/route-guard.ts';
import { refusedScope } from './access/scope.ts';
import { createBodyDeadline } from './body/body-deadline.ts';
import { refusedCoding } from './body/content-coding.ts';
import { registerJsonBody } from './body/json-body.ts';
import { registerConnectionSweep } from './connections.ts';
import type { HttpServer } from './contract/http-server.ts';
import { DEVELOPMENT_ORIGINS, registerCors } from './cors.ts';
import { answerConnectionFailure } from './failure/connection-failure.ts';
import { createErrorAnswer } from './failure/error-answer.ts';
import { createRouteTable, createUnknownRoute, type RouteTable } from './failure/unknown-route.ts';
import { registerHealth } from './pages/health.ts';
import { registerMetricsPage } from './pages/metrics-page.ts';
import { registerOpenApi } from './pages/openapi.ts';
import { refusedVersion } from './protocol-version.ts';
import type { HttpServerOptions } from './server-options.ts';

const KEEP_ALIVE_MS = 72_000;

interface AppParts {
  readonly isTrusted: (address: string) => boolean;
  readonly table: RouteTable;
}

function createApp(options: HttpServerOptions, { isTrusted, table }: AppParts): HttpServer {
  const answerError = createErrorAnswer(table);
  const loggerInstance: FastifyBaseLogger = options.log;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: isTrusted,
    bodyLimit: LIMITS.maxJsonBodyBytes,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    http: {
      maxHeaderSize: LIMITS.maxRequestHeadBytes,
      headersTimeout: options.limits?.requestHeadMs ?? LIMITS.requestHeadMs,
      connectionsCheckingInterval: 1000,
    },
    frameworkErrors: answerError,
    clientErrorHandler: answerConnectionFailure,
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = options.limits?.maxConnections ?? LIMITS.maxConnections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.decorateRequest('principal', null);
  return app;
}

/** Marks every answer, and refuses new requests once the server closes. */
function registerEnvelopeHooks(app: HttpServer): () => boolean {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    if (!closing || request.routeOptions.url === '/readyz') {
      done();
      return;
    }
    void reply.header('connection', 'close');
    done(new EarshotError('shutting_down'));
  });
  return () => closing;
}

function registerAccess(app: HttpServer, options: HttpServerOptions, clientAddress: ClientAddress): void {
  const { authenticator, limiter } = options;
  if (authenticator !== undefined) {
    app.addHook('onRequest', createAuthentication({ authenticator, limiter, clientAddress }));
  }
  if (limiter !== undefined) app.addHook('onRequest', createRateLimiting(limiter, clientAddress));
  app.addHook('onRequest', (request, _reply, done) => done(refusedScope(request)));
  const countFailure = createFailureCount({ limiter, clientAddress });
  app.addHook('onResponse', async (request, reply) => countFailure(request, reply.statusCode));
}

/** One line and two metrics a request; the route pattern stands for the URL, which may hold ids. */
function registerObservation(app: HttpServer, metrics: HttpServerOptions['metrics']): void {
  const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unmatched';
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request);
    const { method } = request;
    const seconds = reply.elapsedTime / 1000;
    metrics?.add('earshot_http_requests_total', { route, method, status: reply.statusCode });
    metrics?.observe('earshot_http_duration_seconds', { route, method }, seconds);
    const tenant = request.principal?.tenant;
    request.log.info({ method, route, status: reply.statusCode, seconds, tenant }, 'request answered');
    done();
  });
}

/**
 * Builds the HTTP server that every process uses. Routes added to it declare `config.access`, validate with zod, and
 * throw EarshotError; the server turns that into the errors of the route's protocol, headers, limits and documents.
 * Raw bodies: add a content-type parser in a scope of your own, and set `config.bodyDeadline`.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const isTrusted = createBlockTest(options.trustedProxies ?? []);
  const clientAddress = createClientAddress(isTrusted);
  const table = createRouteTable();
  const app = createApp(options, { isTrusted, table });
  app.addHook('onRoute', (route) => table.add(route));
  registerObservation(app, options.metrics);
  registerConnectionSweep(app);
  const isClosing = registerEnvelopeHooks(app);
  registerJsonBody(app);
  await registerCors(app, options.corsOrigins ?? DEVELOPMENT_ORIGINS);
  app.addHook('onRequest', (request, _reply, done) =>
    done(refusedVersion(request) ?? refusedCoding(request)),
  );
  const watchBody = createBodyDeadline(options.limits?.requestBodyMs);
  app.addHook('onRequest', (request, reply, done) => {
    watchBody(request, reply);
    done();
  });
  registerAccess(app, options, clientAddress);
  if (options.api !== undefined) await registerOpenApi(app, options.api);
  app.addHook('onRoute', createRouteGuard(options.authenticator !== undefined));
  app.setNotFoundHandler(createUnknownRoute(table));
  registerHealth(app, options.checks ?? {}, isClosing);
  if (options.serveMetrics === true && options.metrics !== undefined)
    registerMetricsPage(app, options.metrics);
  return app;
}
