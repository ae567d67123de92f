import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM_ROOT } from '../fixtures/installation.ts';
import { labAbsent, type TestLab, testLab } from '../fixtures/lab.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no lab is made: ${absent}\n`);

/** What takes most of the room, and only development uses. */
const LEFT_OUT = [
  '@babel',
  '@biomejs',
  '@rolldown',
  '@stryker-mutator',
  '@typescript',
  '@vitest',
  'lightningcss-*',
];
const OMPAY = '/opt/ompay/bin/ompay -C /srv/ompay';
const METRICS = '/var/lib/metrics';
const FAST = '[Timer]\\nOnCalendar=*:*:0/2\\nRandomizedDelaySec=0\\nAccuracySec=100ms\\n';

describe.skipIf(absent !== undefined)('a schedule on a host with systemd', () => {
  let lab: TestLab;

  /** As root. */
  const on = (command: string) => lab.ssh('web1', `sudo sh -c '${command}'`);
  /** Until the file holds the text, at most half a minute. */
  const until = (path: string, text: string) =>
    on(
      `for i in $(seq 300); do grep -qs -- "${text}" ${path} && exit 0; sleep 0.1; done; cat ${path}; exit 1`,
    );
  const dropIn = (timer: string) =>
    `mkdir -p /etc/systemd/system/${timer}.d && printf "${FAST}" > /etc/systemd/system/${timer}.d/fast.conf && systemctl daemon-reload && systemctl restart ${timer}`;

  beforeAll(() => {
    lab = testLab();
    expect(lab.ompay('lab', 'up', '--hosts', 'web1')).toMatchObject({ exitCode: 0, stderr: '' });
    const config = join(lab.root, '.ompay/lab/ssh_config');
    const left = LEFT_OUT.map((name) => `--exclude=node_modules/${name}`).join(' ');
    const parts = 'bin src checklists templates package.json tsconfig.json node_modules';
    const shipped = spawnSync('sh', [
      '-c',
      `tar -C ${PROGRAM_ROOT} -ch ${left} --exclude=node_modules/.cache ${parts} | ssh -F ${config} web1 'sudo mkdir -p /opt/ompay /srv/ompay ${METRICS} && sudo tar -C /opt/ompay -x --no-same-owner'`,
    ]);
    expect(shipped).toMatchObject({ status: 0 });
  });

  afterAll(() => {
    lab.end();
    expect(lab.left()).toEqual([]);
  });

  test('installing starts each timer once; a second time nothing is to do', () => {
    const planned = on(`${OMPAY} schedule install --metrics ${METRICS} --plan`);
    expect(planned.stdout.match(/^ {2}(write|start) /gm)).toHaveLength(9);
    expect(on('ls /etc/systemd/system/ompay-local-*').exitCode).not.toBe(0);
    expect(on(`${OMPAY} schedule install --metrics ${METRICS}`)).toMatchObject({ exitCode: 0, stderr: '' });
    const timers = on('systemctl list-timers --all --output=json "ompay-local-*"');
    expect(timers.stdout.match(/ompay-local-[a-z-]+\.timer/g)).toHaveLength(3);
    const again = on(`${OMPAY} schedule install --metrics ${METRICS}`);
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: 'all is installed in /etc/systemd/system; nothing to do\n',
    });
  });

  test('a timer runs its job, and the metric says that it ended well', () => {
    expect(on(dropIn('ompay-local-log-check.timer')).exitCode).toBe(0);
    const metric = `${METRICS}/ompay_job_local_log-check.prom`;
    expect(until(metric, 'last_success_timestamp_seconds{.*} [1-9]')).toMatchObject({ exitCode: 0 });
    expect(until(metric, 'last_exit_code{.*} 0')).toMatchObject({ exitCode: 0 });
    expect(on('journalctl -u ompay-local-log-check --output=cat').stdout).toContain('no backup yet');
  });

  test('what was missed is caught up, and a failure is told as one', () => {
    const timer = 'ompay-local-backup-full.timer';
    // As if the machine had been off for two days. There is no database to copy here.
    const stamp = `/var/lib/systemd/timers/stamp-${timer}`;
    const missed = `systemctl stop ${timer} && touch -d "2 days ago" ${stamp}`;
    const calm = `mkdir -p /etc/systemd/system/${timer}.d && printf "[Timer]\\nRandomizedDelaySec=0\\n" > /etc/systemd/system/${timer}.d/calm.conf`;
    expect(on(`${missed} && ${calm} && systemctl daemon-reload && systemctl start ${timer}`)).toMatchObject({
      exitCode: 0,
    });
    const metric = `${METRICS}/ompay_job_local_backup-full.prom`;
    expect(until(metric, 'last_exit_code{.*} [1-9]')).toMatchObject({ exitCode: 0 });
    expect(until(metric, 'last_success_timestamp_seconds{.*} 0$')).toMatchObject({ exitCode: 0 });
    expect(on('systemctl is-failed ompay-local-backup-full.service').exitCode).toBe(0);
    const list = on(`${OMPAY} schedule list`);
    expect(list).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/^backup-full .* systemd +never .*FAILED/m),
    });
  });

  test('removing leaves no timer and no unit', () => {
    expect(on(`${OMPAY} schedule remove`)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(on('ls /etc/systemd/system | grep -E "^ompay-local-.*(service|timer)$"').stdout).toBe('');
    expect(on('systemctl list-timers --all --output=json "ompay-local-*"').stdout.trim()).toBe('[]');
  });
});
