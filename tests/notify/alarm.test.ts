import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { type Alarm, type AlarmKit, alarmMessage, clearAlarm, raiseAlarm } from '../../src/notify/alarm.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { type Hook, hook } from './hook.ts';

const ALARM: Alarm = {
  name: 'backup',
  environment: 'production',
  fr: { raised: 'La sauvegarde a échoué', cleared: 'La sauvegarde réussit à nouveau' },
  en: { raised: 'The backup failed', cleared: 'Backups succeed again' },
};

async function kitWith(
  ...statuses: readonly number[]
): Promise<AlarmKit & { readonly heard: Hook['received'] }> {
  const { url, received } = await hook(...statuses);
  const folder = temporaryFolder();
  return {
    settings: { webhook: { url: new Secret(url), secret: null }, mail: null },
    folder: join(folder, 'alarms'),
    messages: join(folder, 'reports'),
    clock: manualClock(Date.UTC(2026, 10, 23)),
    heard: received,
  };
}

function states(heard: Hook['received']): readonly unknown[] {
  return heard.map(({ body }) => JSON.parse(body).facts.state);
}

test('what fails is told once, and once more when it is well again', async () => {
  const kit = await kitWith(200);
  await raiseAlarm(kit, ALARM, 's3: the bucket is away');
  await raiseAlarm(kit, ALARM, 's3: the bucket is still away');
  expect(states(kit.heard)).toEqual(['raised']);
  expect(statSync(join(kit.folder, 'production/backup.json')).mode & 0o777).toBe(0o600);
  await clearAlarm(kit, ALARM);
  await clearAlarm(kit, ALARM);
  expect(states(kit.heard)).toEqual(['raised', 'cleared']);
  await raiseAlarm(kit, ALARM, 'again');
  expect(states(kit.heard)).toEqual(['raised', 'cleared', 'raised']);
});

test('what nobody could be told is told the next time', async () => {
  const kit = await kitWith(404, 200, 404, 200);
  expect(await raiseAlarm(kit, ALARM, 'first')).toMatchObject({ state: 'failed' });
  expect(await raiseAlarm(kit, ALARM, 'second')).toMatchObject({ state: 'delivered' });
  expect(await clearAlarm(kit, ALARM)).toMatchObject({ state: 'failed' });
  expect(await clearAlarm(kit, ALARM)).toMatchObject({ state: 'delivered' });
  expect(await clearAlarm(kit, ALARM)).toBeUndefined();
});

test('an alarm of one environment says nothing of another', async () => {
  const kit = await kitWith(200);
  await raiseAlarm(kit, ALARM, 'x');
  expect(await clearAlarm(kit, { ...ALARM, environment: 'staging' })).toBeUndefined();
});

test('the message says in both languages what, since when, and why', () => {
  const since = '2026-11-23T02:00:00.000Z';
  expect(alarmMessage(ALARM, { since, why: 's3: away', isRaised: true }, 0)).toMatchObject({
    subject: 'OMPAY [production] La sauvegarde a échoué / The backup failed',
    text: `La sauvegarde a échoué.\nDepuis ${since}.\n\ns3: away\n\n---\n\nThe backup failed.\nSince ${since}.\n\ns3: away`,
    facts: { environment: 'production', alarm: 'backup', state: 'raised', since, error: 's3: away' },
  });
});
