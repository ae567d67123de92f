import assert from 'node:assert/strict';
import {
  createEventEnvelope,
  createTransport,
  getEnvelopeEndpointWithUrlEncodedAuth,
  makeDsn,
  type Transport,
  type TransportMakeRequestResponse,
} from '@sentry/core';
import type { Secret } from '../../core/secret.ts';
import { type EventParts, eventOf } from './event.ts';
import type { ReporterParts } from './open.ts';
import type { ErrorReporter } from './reporter.ts';

/** Sentry's own answers come within a second; this bounds how long one envelope holds its place. */
const SEND_TIMEOUT_MS = 5_000;
/** Envelopes on their way at once; more are dropped. */
const MOST_ON_THEIR_WAY = 16;
/** A database that is away fails thousands of requests a second, all alike: these are enough to see it. */
const MOST_A_MINUTE = 10;
const MINUTE_MS = 60_000;

export interface SentryParts extends ReporterParts, Pick<EventParts, 'release' | 'environment'> {
  readonly dsn: Secret;
}

/** Sends errors to a Sentry, each object once and of each kind at most ten a minute. */
export function sentryReporter(parts: SentryParts): ErrorReporter {
  const { clock, onOutcome } = parts;
  const address = makeDsn(parts.dsn.reveal());
  assert(address !== undefined, 'SENTRY_DSN was checked at the start');
  const transport = openTransport(getEnvelopeEndpointWithUrlEncodedAuth(address));
  const mayReport = perMinute(() => clock.monotonicMs());
  const seen = new WeakSet<object>();

  return {
    report: (error, where) => {
      if (typeof error === 'object' && error !== null) {
        if (seen.has(error)) return;
        seen.add(error);
      }
      if (!mayReport(where.kind)) {
        onOutcome('dropped');
        return;
      }
      const event = eventOf(error, where, { ...parts, atMs: clock.now() });
      transport.send(createEventEnvelope(event, address)).then(
        ({ statusCode }) => onOutcome(outcomeOf(statusCode)),
        () => onOutcome('failed'),
      );
    },
    close: async (limitMs) => {
      await transport.flush(limitMs);
    },
  };
}

/** Without a status it was not sent: too many were on their way, or Sentry asked for a pause. */
function outcomeOf(statusCode: number | undefined): 'sent' | 'failed' | 'dropped' {
  if (statusCode === undefined) return 'dropped';
  return statusCode < 300 ? 'sent' : 'failed';
}

/** Heeds what Sentry says of its own limits (X-Sentry-Rate-Limits, Retry-After). */
function openTransport(url: string): Transport {
  return createTransport(
    { bufferSize: MOST_ON_THEIR_WAY, recordDroppedEvent: () => {} },
    async ({ body }): Promise<TransportMakeRequestResponse> => {
      const response = await fetch(url, {
        method: 'POST',
        body: new Blob([body]),
        headers: { 'content-type': 'application/x-sentry-envelope' },
        redirect: 'error',
        signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
      });
      await response.body?.cancel();
      return {
        statusCode: response.status,
        headers: {
          'x-sentry-rate-limits': response.headers.get('x-sentry-rate-limits'),
          'retry-after': response.headers.get('retry-after'),
        },
      };
    },
  );
}

/** Kinds are the names of errors, so the counts stay few. */
function perMinute(monotonicMs: () => number): (kind: string) => boolean {
  const counts = new Map<string, number>();
  let endsAtMs = 0;
  return (kind) => {
    if (monotonicMs() >= endsAtMs) {
      counts.clear();
      endsAtMs = monotonicMs() + MINUTE_MS;
    }
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return count <= MOST_A_MINUTE;
  };
}
