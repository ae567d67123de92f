import { expect, test } from 'vitest';
import { loadTeamSettings, withoutOperatorKeys } from '../../src/config/team.ts';
import { OmpayError } from '../../src/core/errors.ts';

const MAIL = {
  MAIL_MAILER: 'smtp',
  MAIL_HOST: 'smtp.example.sn',
  MAIL_USERNAME: 'ompay@example.sn',
  MAIL_PASSWORD: 'mail-password',
};

function refusal(variables: Record<string, string>): OmpayError {
  try {
    loadTeamSettings(variables);
  } catch (error) {
    if (error instanceof OmpayError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('nothing set up means no channel', () => {
  expect(loadTeamSettings({})).toEqual({ webhook: null, mail: null });
  expect(loadTeamSettings({ TEAM_WEBHOOK_URL: '', TEAM_MAIL_TO: '' })).toEqual({ webhook: null, mail: null });
});

test('a webhook and several mail addresses are read', () => {
  const settings = loadTeamSettings({
    ...MAIL,
    TEAM_WEBHOOK_URL: 'https://hooks.example.sn/T0/secret-path',
    TEAM_WEBHOOK_SECRET: 'webhook-secret',
    TEAM_MAIL_TO: 'ops@example.sn, direction@example.sn',
  });
  expect(settings.webhook?.url.reveal()).toBe('https://hooks.example.sn/T0/secret-path');
  expect(settings.webhook?.secret?.reveal()).toBe('webhook-secret');
  expect(settings.mail).toMatchObject({
    host: 'smtp.example.sn',
    port: 587,
    username: 'ompay@example.sn',
    to: ['ops@example.sn', 'direction@example.sn'],
  });
});

test.each(['http://127.0.0.1:9000/hook', 'http://localhost/hook', 'http://[::1]:9000/hook'])(
  'plain http is allowed to this machine: %s',
  (url) => {
    expect(loadTeamSettings({ TEAM_WEBHOOK_URL: url }).webhook?.url.reveal()).toBe(url);
  },
);

test.each([
  'http://hooks.example.sn/token-1',
  'http://127.0.0.1.example.sn/token-1',
  'https://user:token-1@hooks.example.sn/',
  'ftp://hooks.example.sn/token-1',
  'token-1',
])('another address is refused without showing it: %s', (url) => {
  const error = refusal({ TEAM_WEBHOOK_URL: url });
  expect(error).toMatchObject({ code: 'configInvalid' });
  expect(error.message).toContain('TEAM_WEBHOOK_URL holds a value that is not shown');
  expect(error.message).not.toContain('token-1');
});

test('mail without a server to send it is refused, naming what is needed', () => {
  expect(refusal({ TEAM_MAIL_TO: 'ops@example.sn' }).message).toContain(
    'TEAM_MAIL_TO needs MAIL_MAILER=smtp',
  );
  expect(refusal({ ...MAIL, MAIL_PASSWORD: '', TEAM_MAIL_TO: 'ops@example.sn' }).message).toContain(
    'MAIL_PASSWORD',
  );
  expect(refusal({ ...MAIL, TEAM_MAIL_TO: 'ops@example.sn, nobody' }).message).toContain('TEAM_MAIL_TO is');
});

test("the operator's variables are kept from the API, and nothing else is", () => {
  const variables = {
    APP_ENV: 'local',
    TEAM_WEBHOOK_URL: 'x',
    TEAM_WEBHOOK_SECRET: 'y',
    TEAM_MAIL_TO: 'z',
    ...MAIL,
  };
  expect(withoutOperatorKeys(variables)).toEqual({ APP_ENV: 'local', ...MAIL });
});
