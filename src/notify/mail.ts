import { isLoopback } from '../config/key.ts';
import type { MailSettings } from '../config/team.ts';
import { systemCodeOf } from '../core/errors.ts';
import type { Channel, TeamMessage, TryOutcome } from './message.ts';

/** Of each wait in the conversation, and of the whole of it. */
const STEP_TIMEOUT_MS = 5000;
const TOTAL_TIMEOUT_MS = 10_000;
const IMPLICIT_TLS_PORT = 465;

/** Sends over SMTP with TLS: from the start on port 465, else by STARTTLS, which only this machine may lack. */
export function mailChannel(settings: MailSettings): Channel {
  return {
    name: 'mail',
    to: settings.to.join(', '),
    deliver: (message, signal) => send(settings, message, signal),
  };
}

async function send(
  settings: MailSettings,
  message: TeamMessage,
  signal: AbortSignal | undefined,
): Promise<TryOutcome> {
  const timeout = AbortSignal.timeout(TOTAL_TIMEOUT_MS);
  const transport = await transportTo(settings);
  try {
    const sent = transport.sendMail({
      from: settings.username,
      to: [...settings.to],
      subject: message.subject,
      text: message.text,
      headers: { 'X-Ompay-Delivery': message.run, 'Auto-Submitted': 'auto-generated' },
    });
    const { response } = await Promise.race([
      sent,
      rejectedBy(signal === undefined ? timeout : AbortSignal.any([timeout, signal])),
    ]);
    return { kind: 'delivered', answer: `SMTP ${response.slice(0, 3)}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) return { kind: 'unanswered', answer: `not sent within ${TOTAL_TIMEOUT_MS} ms` };
    return failureOf(error);
  } finally {
    transport.close();
  }
}

async function transportTo({ host, port, username, password }: MailSettings) {
  // Most commands tell nobody by mail, and it takes a tenth of a second to read.
  const { createTransport } = await import('nodemailer');
  const isHere = isLoopback(host);
  return createTransport({
    host,
    port,
    secure: port === IMPLICIT_TLS_PORT,
    requireTLS: !isHere,
    // A mail server on this machine seldom has a certificate for its loopback address.
    ignoreTLS: isHere,
    auth: { user: username, pass: password.reveal() },
    connectionTimeout: STEP_TIMEOUT_MS,
    greetingTimeout: STEP_TIMEOUT_MS,
    socketTimeout: STEP_TIMEOUT_MS,
    dnsTimeout: STEP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Codes alone: a server's words may repeat what it was sent. A 5yz reply is final (RFC 5321, 4.2.1), as is EAUTH. */
function failureOf(error: unknown): TryOutcome {
  const code = systemCodeOf(error) ?? 'no code';
  const reply = replyOf(error);
  const isFinal = code === 'EAUTH' || code === 'ETLS' || (reply !== null && reply >= 500);
  const answer = reply === null ? `not sent (${code})` : `not sent (${code}, SMTP ${reply})`;
  return { kind: isFinal ? 'refused' : 'unanswered', answer };
}

function replyOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('responseCode' in error)) return null;
  return typeof error.responseCode === 'number' ? error.responseCode : null;
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
