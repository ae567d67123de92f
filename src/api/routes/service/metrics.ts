import { ApiError } from '../../errors.ts';
import { defineRoute } from '../../http/route.ts';
import { NO_REQUEST } from '../../schemas/json.ts';

/**
 * For whoever reaches the process itself: its unix socket or loopback port. Every front adds X-Forwarded-For (ours does,
 * and a server's nginx is told to), so what comes from the network finds no such route.
 */
export const metricsRoute = defineRoute(
  {
    id: 'metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the format of Prometheus; not to be had through a front.',
    secured: false,
    rate: null,
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'text/plain', schema: { type: 'string' } },
    errors: ['routeNotFound'],
  },
  async (request, { metrics: { registry } }) => {
    if (request.headers['x-forwarded-for'] !== undefined) throw new ApiError('routeNotFound');
    const body = await registry.metrics();
    return { kind: 'plain', statusCode: 200, contentType: registry.contentType, body };
  },
);
