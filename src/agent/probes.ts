import type { HostProbes } from '../core/carrier/traffic.ts';
import type { Clock } from '../core/clock.ts';
import { emptyLatencies, latencyBucket, PROBE_HEADER } from '../core/latency.ts';
import { requestHere } from '../host/http.ts';

const SECOND_MS = 1000;
const TIMEOUT_MS = 2000;
const LANES = 4;

export interface ProbePlaces {
  /** The users' way in. */
  readonly current: string;
  /** The old slot's socket while it runs. */
  readonly control: string | null;
}

/** Spreads `count` requests over a second, each beside the same to the old slot. Ends 2 s later at most. */
export async function probeSecond(places: ProbePlaces, count: number, clock: Clock): Promise<HostProbes> {
  const latencies = emptyLatencies();
  const control = places.control === null ? [] : emptyLatencies();
  const seen = { sent: 0, wrong: 0, wrongInRow: 0 };
  const startedMs = clock.monotonicMs();
  const ask = async (): Promise<void> => {
    const isRight = await timed(places.current, latencies, clock);
    seen.sent += 1;
    seen.wrong += isRight ? 0 : 1;
    seen.wrongInRow = isRight ? 0 : seen.wrongInRow + 1;
    if (places.control !== null) await timed(places.control, control, clock);
  };
  const lane = async (offset: number): Promise<void> => {
    for (let turn = offset; turn < count; turn += LANES) {
      const dueMs = startedMs + (turn * SECOND_MS) / count;
      await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()));
      if (clock.monotonicMs() - startedMs > SECOND_MS) return;
      await ask();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, count) }, (_, offset) => lane(offset)));
  return { ...seen, latencies, control };
}

async function timed(socketPath: string, latencies: number[], clock: Clock): Promise<boolean> {
  const startedMs = clock.monotonicMs();
  const headers = { [PROBE_HEADER]: '1' };
  const request = {
    method: 'GET',
    target: { socketPath },
    path: '/health',
    headers,
    timeoutMs: TIMEOUT_MS,
  } as const;
  const answer = await requestHere(request).catch(() => undefined);
  const bucket = latencyBucket(clock.monotonicMs() - startedMs);
  latencies[bucket] = (latencies[bucket] ?? 0) + 1;
  return answer?.statusCode === 200;
}
