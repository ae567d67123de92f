import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { errorHandler, handleUnknownRoute, handleUnreadableAddress } from './http/error-handler.ts';
import { parseJson } from './http/json-parser.ts';
import { requestIdOf, traceparentOf } from './http/request.ts';
import { createValidatorCompiler } from './http/validation.ts';
import { ROUTES } from './routes/index.ts';
import { createServices, type Foundations } from './services.ts';

/** Longer than the front's own 60 s: the side that reuses connections must be the one that closes them. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const REQUEST_TIMEOUT_MS = 30_000;
const BODY_LIMIT_BYTES = 16 * 1024;

/** The API over HTTP, ready to listen or to be injected into. Closing it ends the connections, not the foundations. */
export function buildServer(foundations: Foundations): FastifyInstance {
  const services = createServices(foundations);
  const { clock, settings, log } = services;
  const logger: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: ({ headers }) => requestIdOf(headers, clock.now()),
    // On the unix socket only the front speaks, so the address that it adds last is believed; on TCP, none is.
    trustProxy: settings.listen.kind === 'socket' ? (_address, hop) => hop === 0 : false,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: BODY_LIMIT_BYTES,
    // What reaches a closing server is served, and told to close its connection.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: handleUnreadableAddress,
  });
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler(errorHandler(settings.debug));
  app.setNotFoundHandler(handleUnknownRoute);
  app.decorateRequest('principal', null);
  parseJson(app);
  addHeaders(app);
  addObservation(app, foundations);
  for (const route of ROUTES) route.mount(app, services);
  return app;
}

function addHeaders(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (request, reply) => {
    void reply.headers({
      'x-request-id': request.id,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(closing ? { connection: 'close' } : {}),
    });
  });
}

/** One log line and one observation for each answer; never an address, a body or a header that identifies. */
function addObservation(app: FastifyInstance, { log, metrics }: Foundations): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, id } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const status = reply.statusCode;
    metrics.observeRequest({ method, route, status }, reply.elapsedTime);
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    const traceparent = traceparentOf(request.headers);
    log.info({ request_id: id, traceparent, method, route, status, durationMs }, 'answered');
  });
}
