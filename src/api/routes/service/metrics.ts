import { defineRoute } from '../../http/route.ts';
import { NO_REQUEST } from '../../schemas/json.ts';

export const metricsRoute = defineRoute(
  {
    id: 'metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the format of Prometheus.',
    secured: false,
    rate: null,
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'text/plain', schema: { type: 'string' } },
    errors: [],
  },
  async (_request, { metrics: { registry } }) => ({
    kind: 'plain',
    statusCode: 200,
    contentType: registry.contentType,
    body: await registry.metrics(),
  }),
);
