import type { FastifyInstance } from 'fastify';

/** JSON as Fastify parses it (poisoned prototypes refused), except that an empty body is no body: logout has none. */
export function parseJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
