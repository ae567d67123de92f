import type { KindCases } from '../sources.ts';

const probe = { maxErrorRate: 0.001, maxP95Ms: 500, minRequests: 100 };

/** A part of an exposition: of `requests`, so many failed and so many were answered within 500 ms. */
function route(path: string, requests: number, failed: number, fast: number): string {
  const labels = (status: number): string => `method="GET",route="${path}",status="${status}"`;
  return `# TYPE ompay_http_requests_total counter
ompay_http_requests_total{${labels(200)}} ${requests - failed}
ompay_http_requests_total{${labels(503)}} ${failed}
ompay_http_request_duration_seconds_bucket{le="0.25",${labels(200)}} 0
ompay_http_request_duration_seconds_bucket{le="0.5",${labels(200)}} ${fast}
ompay_http_request_duration_seconds_bucket{le="+Inf",${labels(200)}} ${requests}
`;
}

function seen(...parts: readonly string[]) {
  return { metrics: async () => parts.join('') };
}

export const cases: KindCases = {
  kind: 'metrics',
  pass: [
    {
      title: 'exactly at both limits',
      probe,
      sources: seen(route('/a', 1000, 1, 950)),
      says: '1000 requests: 0.1 % failed, 95 % within 500 ms',
    },
    {
      title: 'several routes are one sum, and our own are left out',
      probe,
      sources: seen(
        route('/a', 60, 0, 60),
        route('/b', 40, 0, 35),
        ...['/health', '/ready', '/metrics'].map((own) => route(own, 500, 500, 0)),
      ),
      says: '100 requests',
    },
  ],
  fail: [
    { title: 'too many errors', probe, sources: seen(route('/a', 1000, 2, 1000)), says: '0.2 % failed' },
    { title: 'too slow', probe, sources: seen(route('/a', 1000, 0, 949)), says: '94.9 % within 500 ms' },
  ],
  unknown: [
    { title: 'too few requests', probe, sources: seen(route('/a', 99, 0, 99)), says: '99 requests' },
    {
      title: 'a limit that no bucket has',
      probe: { ...probe, maxP95Ms: 123 },
      sources: seen(route('/a', 1000, 0, 1000)),
      says: 'no bucket of 123 ms',
    },
    {
      title: 'nobody answers',
      probe,
      sources: { metrics: () => Promise.reject(new Error('ECONNREFUSED')) },
      says: 'ECONNREFUSED',
    },
  ],
};
