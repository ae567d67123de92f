import { createHmac } from 'node:crypto';
import type { WebhookSettings } from '../config/team.ts';
import type { Clock } from '../core/clock.ts';
import { systemCodeOf } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Channel, TeamMessage, TryOutcome } from './message.ts';

const TIMEOUT_MS = 5000;

/** Posts JSON. A repeat has the same `X-Ompay-Delivery`, so that the receiver can drop it; redirects are refused. */
export function webhookChannel({ url, secret }: WebhookSettings, clock: Clock): Channel {
  return {
    name: 'webhook',
    // The path may be a token.
    to: new URL(url.reveal()).origin,
    deliver: (message, signal) =>
      post({ url, secret, message, timestampSeconds: Math.floor(clock.now() / 1000) }, signal),
  };
}

interface Post {
  readonly url: Secret;
  readonly secret: Secret | null;
  readonly message: TeamMessage;
  readonly timestampSeconds: number;
}

async function post(
  { url, secret, message, timestampSeconds }: Post,
  signal: AbortSignal | undefined,
): Promise<TryOutcome> {
  const body = JSON.stringify({ kind: 'ompay-message', schema: 1, ...message });
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url.reveal(), {
      method: 'POST',
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'ompay',
        connection: 'close',
        'x-ompay-delivery': message.run,
        ...(secret === null ? {} : { 'x-ompay-signature': signatureOf(body, secret, timestampSeconds) }),
      },
      body,
    });
    await response.body?.cancel();
    return outcomeOf(response.status);
  } catch (error) {
    signal?.throwIfAborted();
    return {
      kind: 'unanswered',
      answer: timeout.aborted ? `no answer within ${TIMEOUT_MS} ms` : reasonOf(error),
    };
  }
}

/** What may be better later: overload and faults of the other side. Anything else that is not 2xx stays as it is. */
function outcomeOf(status: number): TryOutcome {
  const answer = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { kind: 'delivered', answer };
  return { kind: status === 429 || status >= 500 ? 'unanswered' : 'refused', answer };
}

/** The code alone: messages of the network may hold the address. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return `not reached (${systemCodeOf(cause) ?? 'no code'})`;
}

/**
 * `t=<seconds>,v1=<hex>`: HMAC-SHA256 over `<seconds>.<body>`; the time keeps an old message from being sent again by
 * someone else. The scheme is Stripe's (docs.stripe.com/webhooks, "Verify manually").
 */
export function signatureOf(body: string, secret: Secret, timestampSeconds: number): string {
  const digest = createHmac('sha256', secret.reveal()).update(`${timestampSeconds}.${body}`).digest('hex');
  return `t=${timestampSeconds},v1=${digest}`;
}
