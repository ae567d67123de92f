import type { SmsSettings } from '../../config/settings.ts';

export interface Message {
  readonly id: string;
  readonly channel: 'sms' | 'mail';
  readonly recipient: string;
  readonly body: string;
}

/** Takes one message out of the house. May be asked twice for one id. Throws when it did not leave. */
export type Deliver = (message: Message) => Promise<void>;

const GATEWAY_TIMEOUT_MS = 5_000;

export function createDriver(settings: SmsSettings): Deliver {
  return settings.driver === 'local' ? keepHere : postTo(settings);
}

/** Locally the outbox itself is where messages are read. */
async function keepHere(): Promise<void> {}

function postTo(gateway: Extract<SmsSettings, { readonly driver: 'http' }>): Deliver {
  return async (message) => {
    const response = await fetch(gateway.gatewayUrl, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(GATEWAY_TIMEOUT_MS),
      headers: {
        authorization: `Bearer ${gateway.token.reveal()}`,
        'content-type': 'application/json',
        'idempotency-key': message.id,
      },
      body: JSON.stringify({
        id: message.id,
        channel: message.channel,
        to: message.recipient,
        text: message.body,
      }),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
  };
}
