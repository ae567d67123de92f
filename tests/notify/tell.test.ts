import { createHmac } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MailSettings, TeamSettings } from '../../src/config/team.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { readKeptMessage } from '../../src/notify/kept.ts';
import type { TeamMessage } from '../../src/notify/message.ts';
import { tellTeam } from '../../src/notify/tell.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { hook } from './hook.ts';
import { smtpServer } from './smtp.ts';

const RUN = '01M82DMEDT7G8BZ9ENVFF41X14';
const MESSAGE: TeamMessage = {
  run: RUN,
  subject: 'OMPAY [local] Déploiement réussi : la version 9b1e04c7aa30 sert les clients.',
  text: 'Déploiement réussi.\n.une ligne qui commence par un point',
  facts: { outcome: 'done', to: '9b1e04c7aa30' },
};

function webhook(url: string, secret: string | null = null): TeamSettings {
  return {
    webhook: { url: new Secret(url), secret: secret === null ? null : new Secret(secret) },
    mail: null,
  };
}

function mail(settings: Partial<MailSettings>): TeamSettings {
  return {
    webhook: null,
    mail: {
      host: '127.0.0.1',
      port: 25,
      username: 'ompay@example.sn',
      password: new Secret('mail-password'),
      to: ['ops@example.sn', 'direction@example.sn'],
      ...settings,
    },
  };
}

function tell(settings: TeamSettings, signal?: AbortSignal) {
  const [folder, clock] = [temporaryFolder(), manualClock(Date.UTC(2026, 10, 22))];
  const request = { settings, message: MESSAGE, folder, clock, ...(signal === undefined ? {} : { signal }) };
  return { folder, clock, told: tellTeam(request) };
}

test('without a channel the message is kept, and nobody was told', async () => {
  const { folder, told } = tell({ webhook: null, mail: null });
  expect(await told).toMatchObject({
    ...MESSAGE,
    state: 'notConfigured',
    channels: [],
    at: '2026-11-22T00:00:00.000Z',
  });
  expect(statSync(join(folder, `${RUN}-message.json`)).mode & 0o777).toBe(0o600);
  expect(readKeptMessage(folder, RUN)).toMatchObject({ state: 'notConfigured', subject: MESSAGE.subject });
  expect(readKeptMessage(folder, '01OTHER')).toBeNull();
});

test('a webhook gets the message as JSON, signed so that the receiver can check who wrote it and when', async () => {
  const { url, received } = await hook(204);
  const { told } = tell(webhook(url, 'webhook-secret'));
  expect((await told).channels).toEqual([
    { channel: 'webhook', state: 'delivered', to: new URL(url).origin, tries: 1, answer: 'HTTP 204' },
  ]);
  const { headers, body } = received[0] ?? { headers: {}, body: '' };
  expect(JSON.parse(body)).toEqual({ kind: 'ompay-message', schema: 1, ...MESSAGE });
  const seconds = Date.UTC(2026, 10, 22) / 1000;
  const digest = createHmac('sha256', 'webhook-secret').update(`${seconds}.${body}`).digest('hex');
  expect(headers).toMatchObject({
    'x-ompay-signature': `t=${seconds},v1=${digest}`,
    'x-ompay-delivery': RUN,
  });
});

test('without a secret nothing is signed', async () => {
  const { url, received } = await hook(200);
  await tell(webhook(url)).told;
  expect(received[0]?.headers).not.toHaveProperty('x-ompay-signature');
});

test('a webhook that is overloaded is tried three times, with pauses and the same delivery id', async () => {
  const { url, received } = await hook(503, 429, 200);
  const { clock, told } = tell(webhook(url));
  expect((await told).channels).toMatchObject([{ state: 'delivered', tries: 3 }]);
  expect(received.map(({ headers }) => headers['x-ompay-delivery'])).toEqual([RUN, RUN, RUN]);
  expect(clock.monotonicMs()).toBe(1500);
});

test('after three tries it is given up, and one that says no is not asked again', async () => {
  const down = await hook(500);
  expect((await tell(webhook(down.url)).told).channels).toMatchObject([
    { state: 'failed', tries: 3, answer: 'HTTP 500' },
  ]);
  expect(down.received).toHaveLength(3);
  const refusing = await hook(404);
  expect(await tell(webhook(refusing.url)).told).toMatchObject({ state: 'failed', channels: [{ tries: 1 }] });
});

test('a redirect is not followed: the message goes where the operator said, or nowhere', async () => {
  const { url, received } = await hook(302);
  expect((await tell(webhook(url)).told).channels).toMatchObject([
    { state: 'failed', tries: 1, answer: 'HTTP 302' },
  ]);
  expect(received).toHaveLength(1);
});

test('a webhook where nobody listens is told as not reached, without its path', async () => {
  const { told, folder } = tell(webhook('http://127.0.0.1:9/services/secret-path', 'webhook-secret'));
  expect((await told).channels).toMatchObject([
    { state: 'failed', tries: 3, answer: expect.stringContaining('not reached') },
  ]);
  const kept = readFileSync(join(folder, `${RUN}-message.json`), 'utf8');
  expect(kept).not.toContain('secret');
});

test('an interruption ends it at once with its own reason; the message stays kept as pending', async () => {
  const { url } = await hook(0);
  const interrupt = new AbortController();
  const { told, folder } = tell(webhook(url), interrupt.signal);
  expect(readKeptMessage(folder, RUN)).toMatchObject({ state: 'pending' });
  interrupt.abort(new OmpayError('interrupted', 'interrupted by SIGINT', { hint: 'ompay status' }));
  await expect(told).rejects.toMatchObject({ code: 'interrupted' });
  expect(readKeptMessage(folder, RUN)).toMatchObject({ state: 'pending' });
});

test('mail reaches each address through a real conversation, whole, with its subject and account', async () => {
  const { port, heard } = await smtpServer();
  expect((await tell(mail({ port })).told).channels).toEqual([
    {
      channel: 'mail',
      state: 'delivered',
      to: 'ops@example.sn, direction@example.sn',
      tries: 1,
      answer: 'SMTP 250',
    },
  ]);
  const account = Buffer.from('\0ompay@example.sn\0mail-password').toString('base64');
  expect(heard).toContain(`AUTH PLAIN ${account}`);
  expect(heard.filter((line) => /^(MAIL|RCPT)/.test(line))).toEqual([
    'MAIL FROM:<ompay@example.sn>',
    'RCPT TO:<ops@example.sn>',
    'RCPT TO:<direction@example.sn>',
  ]);
  const text = heard.join('\n');
  expect(text).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(text).toContain(`X-Ompay-Delivery: ${RUN}`);
});

test('a mail server elsewhere that offers no TLS gets neither password nor message', async () => {
  const { port, heard } = await smtpServer();
  // Another of this machine's addresses, by a name that is not the loopback's: here it stands for another machine.
  const { told } = tell(mail({ host: '0.0.0.0', port }));
  expect((await told).channels).toMatchObject([{ state: 'failed', tries: 1 }]);
  expect(heard.some((line) => line.startsWith('AUTH'))).toBe(false);
  expect(heard.some((line) => line.startsWith('MAIL'))).toBe(false);
});

test('a wrong password is not tried again, and is nowhere in what is kept', async () => {
  const { port, heard } = await smtpServer({ AUTH: '535 5.7.8 wrong password mail-password' });
  const { told, folder } = tell(mail({ port }));
  expect((await told).channels).toMatchObject([
    { state: 'failed', tries: 1, answer: 'not sent (EAUTH, SMTP 535)' },
  ]);
  expect(heard.filter((line) => line.startsWith('AUTH'))).toHaveLength(1);
  expect(readFileSync(join(folder, `${RUN}-message.json`), 'utf8')).not.toContain('mail-password');
});

test('a mail server that is busy is tried three times', async () => {
  const { port, heard } = await smtpServer({ MAIL: '451 later' });
  expect((await tell(mail({ port })).told).channels).toMatchObject([{ state: 'failed', tries: 3 }]);
  expect(heard.filter((line) => line.startsWith('EHLO'))).toHaveLength(3);
});

test('channels that never answer are given up after 5 s each time, side by side', {
  timeout: 40_000,
}, async () => {
  const { url, received } = await hook(0);
  const { port, heard } = await smtpServer({ EHLO: '' });
  const { told } = tell({ ...mail({ port }), webhook: webhook(url).webhook });
  expect((await told).channels).toMatchObject([
    { channel: 'webhook', state: 'failed', tries: 3, answer: 'no answer within 5000 ms' },
    { channel: 'mail', state: 'failed', tries: 3, answer: 'not sent (ETIMEDOUT)' },
  ]);
  expect(received).toHaveLength(3);
  expect(heard.filter((line) => line.startsWith('EHLO'))).toHaveLength(3);
});

test('one channel that fails does not keep the other from telling', async () => {
  const { url } = await hook(404);
  const { port } = await smtpServer();
  const { told } = tell({ ...mail({ port }), webhook: webhook(url).webhook });
  expect(await told).toMatchObject({
    state: 'delivered',
    channels: [
      { channel: 'webhook', state: 'failed' },
      { channel: 'mail', state: 'delivered' },
    ],
  });
});
