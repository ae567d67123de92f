import { defineKind } from '../kind.ts';
import { type Sample, samplesIn } from '../prometheus.ts';
import { fail, pass, unknown } from '../types.ts';

/** Asked by machines, by ourselves too: they would hide what users see. */
const NOT_USERS = ['/health', '/ready', '/metrics'];

interface Fields {
  /** Of all requests; 0.001 is 0.1 %. */
  readonly maxErrorRate: number;
  /** Must be a bound of the histogram's buckets, else the check is unknown. */
  readonly maxP95Ms: number;
  /** Fewer tell nothing. */
  readonly minRequests: number;
}

/** The live release's own /metrics since its start, against the KPIs. */
export const metrics = defineKind<Fields>({
  kind: 'metrics',
  schema: {
    maxErrorRate: { type: 'number', minimum: 0, maximum: 1 },
    maxP95Ms: { type: 'number', exclusiveMinimum: 0 },
    minRequests: { type: 'integer', minimum: 1 },
  },
  look: async ({ maxErrorRate, maxP95Ms, minRequests }, sources, { signal }) => {
    const samples = samplesIn(await sources.metrics(signal)).filter(isUsers);
    const counts = samples.filter(({ name }) => name === 'ompay_http_requests_total');
    const requests = sum(counts);
    if (requests < minRequests)
      return unknown(
        `${requests} requests since the live release's start, fewer than ${minRequests}`,
        'send some, or wait for users; then: ompay check run post-deploy',
      );
    const failed = sum(counts.filter(({ labels }) => labels.status?.startsWith('5')));
    const fast = samples.filter(
      ({ name, labels }) =>
        name === 'ompay_http_request_duration_seconds_bucket' && Number(labels.le) * 1000 === maxP95Ms,
    );
    if (fast.length === 0) return unknown(`/metrics has no bucket of ${maxP95Ms} ms`, 'ompay doctor');
    const withinShare = sum(fast) / requests;
    const observed = `${requests} requests: ${percent(failed / requests)} failed, ${percent(withinShare)} within ${maxP95Ms} ms`;
    if (failed / requests <= maxErrorRate && withinShare >= 0.95) return pass(observed);
    return fail(
      observed,
      `at most ${percent(maxErrorRate)} failed, P95 at most ${maxP95Ms} ms`,
      'ompay logs',
    );
  },
});

function isUsers({ labels }: Sample): boolean {
  return !NOT_USERS.includes(labels.route ?? '');
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
