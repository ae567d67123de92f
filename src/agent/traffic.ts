import type { SlotTraffic } from '../core/carrier/traffic.ts';
import { requestHere } from '../host/http.ts';

/** What machines ask is no user's. */
const OWN_ROUTES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);
const REQUESTS = 'ompay_http_requests_total';
const BUCKETS = 'ompay_http_request_duration_seconds_bucket';
const TIMEOUT_MS = 2000;

/** What the process behind the socket counted of users since its start; null when it does not answer. */
export async function slotTraffic(socketPath: string): Promise<SlotTraffic | null> {
  const request = { method: 'GET', target: { socketPath }, path: '/metrics', timeoutMs: TIMEOUT_MS } as const;
  const answer = await requestHere(request).catch(() => undefined);
  return answer?.statusCode === 200 ? trafficIn(answer.body) : null;
}

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** From the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats). */
export function trafficIn(text: string): SlotTraffic {
  const samples = text
    .split('\n')
    .flatMap(sampleIn)
    .filter(({ labels }) => !OWN_ROUTES.has(labels.get('route') ?? ''));
  const answered = samples.filter(({ name }) => name === REQUESTS);
  const failed = answered.filter(({ labels }) => labels.get('status')?.startsWith('5') === true);
  const cumulative = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    if (name !== BUCKETS) continue;
    const bound = Number(labels.get('le')?.replace('+Inf', 'Infinity'));
    cumulative.set(bound, (cumulative.get(bound) ?? 0) + value);
  }
  const bounds = [...cumulative.keys()].toSorted((a, b) => a - b);
  const counts = bounds.map(
    (bound, index) => (cumulative.get(bound) ?? 0) - (cumulative.get(bounds[index - 1] ?? -1) ?? 0),
  );
  const boundsMs = bounds.filter(Number.isFinite).map((seconds) => Math.round(seconds * 1000));
  return { requests: sumOf(answered), failed: sumOf(failed), boundsMs, counts };
}

function sampleIn(line: string): Sample[] {
  const match = /^(ompay_http_\w+)\{([^}]*)\} (\S+)/.exec(line);
  if (match === null) return [];
  const labels = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)];
  return [
    {
      name: match[1] ?? '',
      labels: new Map(labels.map(([, name, value]) => [name ?? '', value ?? ''])),
      value: Number(match[3]),
    },
  ];
}

function sumOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}
