import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JOBS } from '../../src/schedule/job.ts';
import { cronFile, liveUnits, type Schedule, unitFiles } from '../../src/schedule/wanted.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { PROGRAM_ROOT } from '../fixtures/installation.ts';

const GOLDENS = join(import.meta.dirname, '../goldens/schedule');
const SCHEDULE: Schedule = {
  environment: 'production',
  program: '/opt/ompay/checkout/bin/ompay',
  root: '/srv/ompay',
  user: 'backup',
  metricsFolder: '/var/lib/prometheus/node-exporter',
  identityPath: '/etc/ompay/identity.agekey',
  isOfServers: true,
  isLogReceived: true,
};
const ANALYZE_ABSENT = spawnSync('systemd-analyze', ['--version']).status !== 0;

test.each(unitFiles(SCHEDULE).filter(({ name }) => /restore-test|log-stream/.test(name)))(
  '$name is a unit that reads so',
  async ({ name, content }) => {
    await expect(content).toMatchFileSnapshot(join(GOLDENS, name));
  },
);

test('a log that is not received has no service, and no timer begins one', () => {
  const files = unitFiles({ ...SCHEDULE, isLogReceived: false });
  expect(files.filter(({ name }) => name.includes('stream'))).toEqual([]);
  expect(liveUnits(files)).toHaveLength(JOBS.length);
  expect(liveUnits(unitFiles(SCHEDULE))).toContain('ompay-production-log-stream.service');
});

test('the embedded database, which no stock program dumps, has no job for it', () => {
  const names = unitFiles({ ...SCHEDULE, isOfServers: false }).map(({ name }) => name);
  expect(names.filter((name) => name.includes('logical'))).toEqual([]);
  expect(unitFiles(SCHEDULE).map(({ name }) => name)).toContain('ompay-production-backup-logical.timer');
});

test('cron gets one file, with each job at its time', async () => {
  const { name, content } = cronFile(SCHEDULE);
  expect(name).toBe('ompay-production');
  await expect(content).toMatchFileSnapshot(join(GOLDENS, 'cron'));
});

test.skipIf(ANALYZE_ABSENT)('systemd reads each unit, its words and its times as they are meant', () => {
  const folder = temporaryFolder();
  // A name with all that a unit's quoting must keep from systemd.
  const root = join(folder, 'a "b" $c %d \\e');
  mkdirSync(root);
  const units = unitFiles({ ...SCHEDULE, program: join(PROGRAM_ROOT, 'bin/ompay'), root, user: 'root' });
  for (const { name, content } of units) writeFileSync(join(folder, name), content);
  const paths = units.map(({ name }) => join(folder, name));
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
  expect(
    verified.stderr.split('\n').filter((line) => line.includes(folder) || line.includes('ompay')),
  ).toEqual([]);
  expect(verified.status).toBe(0);
  for (const { calendar } of JOBS)
    expect(spawnSync('systemd-analyze', ['calendar', calendar], { encoding: 'utf8' })).toMatchObject({
      status: 0,
    });
});
