import { JSON_TYPE } from '../../answer.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { openApiDocument } from '../../openapi.ts';
import { NO_REQUEST } from '../../schemas/json.ts';

/** Serves the description of the routes given, and of itself. */
export function openApiRoute(others: readonly Route[]): Route {
  const route: Route = defineRoute(
    {
      id: 'openapi',
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description.',
      secured: false,
      rate: null,
      idempotent: false,
      body: NO_REQUEST,
      query: NO_REQUEST,
      success: { status: 200, mediaType: 'application/json', schema: { type: 'object' } },
      errors: [],
    },
    async () => ({ kind: 'plain', statusCode: 200, contentType: JSON_TYPE, body: document }),
  );
  const document = JSON.stringify(openApiDocument([...others, route].map(({ operation }) => operation)));
  return route;
}
