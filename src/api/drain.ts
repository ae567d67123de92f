import type { FastifyInstance } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { withinTime } from './db/time-limit.ts';
import type { Foundations } from './services.ts';

export interface Drained
  extends Pick<Foundations, 'settings' | 'clock' | 'log' | 'metrics' | 'readiness' | 'errors' | 'ledger'> {
  readonly server: FastifyInstance;
  /** What works beside the requests. */
  readonly background: readonly { stop(): Promise<void> }[];
}

/** For what is left after the last answer: accepted money, messages on their way, errors to be sent. */
const REST_LIMIT_MS = 1_500;

/**
 * Stops serving so that no client sees it: `/ready` says so and every answer asks for a new connection; then nothing new
 * is taken, and what is in flight is answered; then what was accepted is brought to its end. Each part is bounded, so
 * the whole takes at most `announceMs + limitMs` and 1.5 s. Throws `timeout` when the last part did not end.
 */
export async function drain(parts: Drained): Promise<void> {
  const { settings, clock, log, metrics, readiness, server } = parts;
  readiness.beginDraining();
  metrics.process.draining();
  log.info({ ...settings.drain }, 'draining');
  const background = Promise.all(parts.background.map((each) => each.stop()));
  await clock.sleep(settings.drain.announceMs);
  await closeWithin(server, clock, settings.drain.limitMs);
  const rest = endRest(parts, background);
  await withinTime(rest, { clock, limitMs: REST_LIMIT_MS, what: 'the end of a drain' }).catch(
    (cause: unknown) => {
      throw new OmpayError(
        'timeout',
        `something did not end within ${REST_LIMIT_MS} ms after the last answer`,
        {
          hint: 'nothing is lost: messages are sent again, and unknown outcomes are told by their Idempotency-Key',
          cause,
        },
      );
    },
  );
  log.info('stopped');
}

async function endRest({ ledger, errors }: Drained, background: Promise<unknown>): Promise<void> {
  await Promise.all([background, ledger.close(), errors.close(REST_LIMIT_MS)]);
}

/** Ends when every answer is out; past the limit, the connections that are left are cut. */
export async function closeWithin(server: FastifyInstance, clock: Clock, limitMs: number): Promise<void> {
  const done = new AbortController();
  const cut = clock.sleep(limitMs, done.signal).then(
    () => server.server.closeAllConnections(),
    () => {},
  );
  await server.close();
  done.abort();
  await cut;
}
