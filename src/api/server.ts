import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { API_ERRORS } from './errors.ts';
import { errorHandler, handleUnknownRoute, handleUnreadableAddress } from './http/error-handler.ts';
import { parseJson } from './http/json-parser.ts';
import { commonHeaders, requestIdOf, traceIdOf } from './http/request.ts';
import { createValidatorCompiler } from './http/validation.ts';
import { ROUTES } from './routes/index.ts';
import { createServices, type Foundations } from './services.ts';

/** Longer than the front's own 60 s: the side that reuses connections must be the one that closes them. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const REQUEST_TIMEOUT_MS = 30_000;
const BODY_LIMIT_BYTES = 16 * 1024;
const NS_PER_MS = 1e6;
/** The field of a log line. */
const REQUEST_ID = 'http.request.id';

/** The API over HTTP, ready to listen or to be injected into. Closing it ends the connections, not the foundations. */
export function buildServer(foundations: Foundations): FastifyInstance {
  const services = createServices(foundations);
  const { clock, settings, log } = services;
  const logger: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: REQUEST_ID }),
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
  app.setErrorHandler(errorHandler({ debug: settings.debug, errors: foundations.errors }));
  app.setNotFoundHandler(handleUnknownRoute);
  app.decorateRequest('principal', null);
  app.decorateRequest('failure', null);
  parseJson(app);
  addHeaders(app, foundations);
  addObservation(app, foundations);
  for (const route of ROUTES) route.mount(app, services);
  return app;
}

/** While it drains, a process tells each client to connect anew, so that nobody is on a connection when it closes. */
function addHeaders(app: FastifyInstance, { readiness }: Foundations): void {
  app.addHook('onSend', async (request, reply) => {
    void reply.headers({
      ...commonHeaders(request),
      ...(readiness.isDraining() ? { connection: 'close' } : {}),
    });
  });
}

/** One log line and one observation for each answer; never an address, a body or a header that identifies. */
function addObservation(app: FastifyInstance, { log, metrics }: Foundations): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, id, failure } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const status = reply.statusCode;
    metrics.http.answered({ method, route, status }, reply.elapsedTime);
    if (failure !== null) metrics.http.refused(route, failure);
    const traceId = traceIdOf(request.headers);
    log.info(
      {
        [REQUEST_ID]: id,
        ...(traceId === undefined ? {} : { 'trace.id': traceId }),
        'http.request.method': method,
        'http.response.status_code': status,
        'event.duration': Math.round(reply.elapsedTime * NS_PER_MS),
        ...(failure === null ? {} : { 'error.code': API_ERRORS[failure].code }),
        route,
      },
      'answered',
    );
  });
}
