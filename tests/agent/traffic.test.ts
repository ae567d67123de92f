import { expect, test } from 'vitest';
import { trafficIn } from '../../src/agent/traffic.ts';

const METRICS = `# HELP ompay_http_requests_total Answered requests.
# TYPE ompay_http_requests_total counter
ompay_http_requests_total{method="POST",route="/api/ompay/transfer",status="200"} 90
ompay_http_requests_total{method="POST",route="/api/ompay/transfer",status="503"} 4
ompay_http_requests_total{method="GET",route="/api/ompay/balance",status="401"} 6
ompay_http_requests_total{method="GET",route="/health",status="503"} 1000
ompay_http_request_duration_seconds_bucket{le="0.005",method="POST",route="/api/ompay/transfer",status="200"} 10
ompay_http_request_duration_seconds_bucket{le="0.01",method="POST",route="/api/ompay/transfer",status="200"} 40
ompay_http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/api/ompay/transfer",status="200"} 90
ompay_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/api/ompay/balance",status="401"} 6
ompay_http_request_duration_seconds_bucket{le="0.01",method="GET",route="/api/ompay/balance",status="401"} 6
ompay_http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/api/ompay/balance",status="401"} 6
ompay_http_request_duration_seconds_sum{method="GET",route="/api/ompay/balance",status="401"} 1
process_cpu_seconds_total 12
`;

test('users are counted by what they were answered, and machines are left out', () => {
  expect(trafficIn(METRICS)).toEqual({
    requests: 100,
    failed: 4,
    boundsMs: [5, 10],
    counts: [16, 30, 50],
  });
});

test('a process that answered nobody yet has no latencies', () => {
  expect(trafficIn('process_cpu_seconds_total 12\n')).toEqual({
    requests: 0,
    failed: 0,
    boundsMs: [],
    counts: [],
  });
});
