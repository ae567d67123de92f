import { openApiDocument } from '../api/openapi.ts';
import { ROUTES } from '../api/routes/index.ts';
import type { Checks } from './checks.ts';
import { jsonOf, type Server } from './http.ts';

/** What a release promises of itself: it describes itself as it was built, is healthy, and asks who one is. */
export async function ownContract(server: Server, checks: Checks): Promise<void> {
  const description = checks.status(await server.ask('GET', '/openapi.json'), 200);
  const built: unknown = JSON.parse(
    JSON.stringify(openApiDocument(ROUTES.map(({ operation }) => operation))),
  );
  checks.same('its description', JSON.parse(description.body), built);
  const health = jsonOf(checks.status(await server.ask('GET', '/health'), 200));
  checks.equal('its health', health.text('status'), 'ok');
  checks.status(await server.ask('GET', '/ready'), 200);
  checks.status(await server.ask('GET', '/metrics', { isDirect: true }), 200);
  // Whoever comes through a front is not told them.
  checks.status(await server.ask('GET', '/metrics'), 404, 'route_introuvable');
  checks.status(await server.ask('GET', '/api/nowhere'), 404, 'route_introuvable');
  for (const { operation } of ROUTES) {
    if (!operation.secured) continue;
    const answer = await server.ask(operation.method, operation.path.replaceAll(/:\w+|\{\w+\}/g, 'x'), {
      ...(operation.method === 'POST' ? { body: {} } : {}),
    });
    checks.status(answer, 401, 'non_authentifie');
  }
}
