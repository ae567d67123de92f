import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { JsonObject } from '../plan/plan.ts';

/** What the front counted of one slot since it started. */
export interface TrafficCount {
  readonly requests: number;
  /** 5xx answers and requests that got none. */
  readonly failed: number;
}

export interface ObserveKit {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Cumulative counts of the slot that was switched to. */
  readonly count: () => Promise<TrafficCount>;
  /** How often the slot's process was started again since it was put there. */
  readonly restarts: () => Promise<number>;
  /** One request of our own through the front; resolves whether it was answered rightly. */
  readonly probe: () => Promise<boolean>;
}

const INTERVAL_MS = 200;
/** Fewer failures than this are not yet a rate: one aborted request must not undo a deploy. */
const MIN_FAILURES = 3;
const MAX_FAILURE_RATE = 0.01;
const MAX_PROBE_FAILURES = 2;

/**
 * Watches the slot that has just become live. When users send nothing, requests of our own are sent instead.
 * Throws `checkBlocked` as soon as it is bad: more than 1 % and at least 3 failed requests, a process that died,
 * or 2 failed requests of our own in a row.
 */
export async function observe(kit: ObserveKit, windowMs: number): Promise<JsonObject> {
  const start = await kit.count();
  const startRestarts = await kit.restarts();
  const endsMs = kit.clock.monotonicMs() + windowMs;
  let last = start;
  let probes = 0;
  let probeFailuresInRow = 0;
  while (kit.clock.monotonicMs() < endsMs) {
    await kit.clock.sleep(INTERVAL_MS, kit.signal);
    if ((await kit.restarts()) > startRestarts) throw bad('its process died and was started again');
    const count = await kit.count();
    refuseFailures({ requests: count.requests - start.requests, failed: count.failed - start.failed });
    if (count.requests === last.requests) {
      probes += 1;
      probeFailuresInRow = (await kit.probe()) ? 0 : probeFailuresInRow + 1;
      if (probeFailuresInRow >= MAX_PROBE_FAILURES)
        throw bad(`${probeFailuresInRow} requests of our own in a row were not answered rightly`);
    }
    last = await kit.count();
  }
  const requests = last.requests - start.requests;
  return {
    shown: `${requests} requests seen, ${probes} of them our own`,
    observedRequests: requests,
    probes,
  };
}

function refuseFailures(seen: TrafficCount): void {
  if (seen.failed < MIN_FAILURES || seen.failed / seen.requests <= MAX_FAILURE_RATE) return;
  throw bad(`${seen.failed} of ${seen.requests} requests failed (limit ${MAX_FAILURE_RATE * 100} %)`);
}

function bad(why: string): OmpayError {
  return new OmpayError('checkBlocked', `the new release is not well: ${why}`, {
    hint: 'read what it wrote: ompay logs',
  });
}
