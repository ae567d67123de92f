import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportsFolder } from '../../src/report/write.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { type Ended, jsonLines, ompay, run } from '../fixtures/ompay.ts';
import { hook } from '../notify/hook.ts';
import { goodDeploy, journalled, killedDeploy, RUN, rolledBackDeploy, started } from '../report/runs.ts';

const DOWN_RUN = '01M9DOWN00000000000000000A';

/** A deploy, then a `down`, in one journal. */
function withRuns(events = goodDeploy()): { readonly folder: string; readonly reports: string } {
  const { layout } = journalled(events);
  journalled(started('down'), DOWN_RUN, layout.root);
  return { folder: layout.root, reports: reportsFolder(layout) };
}

test('without a name it is the newest deploy or rollback: a summary, then the path of the page', async () => {
  const { folder, reports } = withRuns();
  const { exitCode, stdout } = await ompay(folder, 'report');
  expect(exitCode).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('Déploiement réussi : la version 9b1e04c7aa30 (0.2.0) sert les clients.');
  expect(lines.at(-1)).toBe(join(reports, `${RUN}.html`));
  expect(stdout.replace(/\s+/g, ' ')).toContain('Requêtes depuis la bascule 1 609, dont 0 en échec');
  expect(stdout).toContain('avant 19,4 ms, après 19,6 ms');
  expect(readFileSync(join(reports, `${RUN}.html`), 'utf8')).toContain('<html lang="fr">');
  expect((await ompay(folder, 'report', '--last')).stdout).toBe(stdout);
});

test('the page is in English when that is asked, beside the French one', async () => {
  const { folder, reports } = withRuns();
  const { stdout } = await ompay(folder, 'report', '--english');
  expect(stdout).toContain('Deploy succeeded: release 9b1e04c7aa30 (0.2.0) serves clients.');
  expect(existsSync(join(reports, `${RUN}.en.html`))).toBe(true);
});

test('--json gives the record itself', async () => {
  const { folder, reports } = withRuns();
  const { stdout } = await ompay(folder, 'report', RUN.slice(0, 6).toLowerCase(), '--json');
  expect(jsonLines(stdout)).toEqual([JSON.parse(readFileSync(join(reports, `${RUN}.json`), 'utf8'))]);
});

test('a page that is there is left as it is; --html makes it anew where it is wanted', async () => {
  const { folder, reports } = withRuns();
  await ompay(folder, 'report');
  writeFileSync(join(reports, `${RUN}.html`), 'as it was');
  await ompay(folder, 'report');
  expect(readFileSync(join(reports, `${RUN}.html`), 'utf8')).toBe('as it was');
  const wanted = join(temporaryFolder(), 'audit', 'deploy.html');
  expect((await ompay(folder, 'report', '--html', wanted)).stdout.trimEnd().endsWith(wanted)).toBe(true);
  expect(readFileSync(wanted, 'utf8')).toContain('<!doctype html>');
  expect(statSync(wanted).mode & 0o777).toBe(0o600);
});

test('a run that was killed gets its report from the journal, with the step where it stopped', async () => {
  const { folder } = withRuns(killedDeploy('before the switch'));
  const { exitCode, stdout } = await ompay(folder, 'report', RUN, '--english');
  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    'Stopped dead, without an end in the journal: release 63763e2c0759 (0.1.0) serves clients.',
  );
  expect(stdout).toMatch(/Last step begun +migrate\/expand/);
});

test('any run of the journal has a report, and one that is not a deploy says nothing of what serves', async () => {
  const { folder } = withRuns();
  const { stdout } = await ompay(folder, 'report', '01M9', '--english');
  expect(stdout.split('\n')[0]).toBe('Stopped dead, without an end in the journal.');
});

test('a name that is no run, or several, is one clear error', async () => {
  const { folder } = withRuns();
  const unknown = await ompay(folder, 'report', 'ZZ');
  expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
  expect(unknown.stderr).toContain('no run is named "ZZ"');
  expect(unknown.stderr).toContain('ompay audit list');
  expect((await ompay(folder, 'report', '01M')).stderr).toContain('2 runs begin with "01M"');
  const empty = await ompay(temporaryFolder(), 'report');
  expect(empty).toMatchObject({ exitCode: 2 });
  expect(empty.stderr).toContain('nothing was deployed here yet');
});

test('--last beside a run, and a page where no file can be, are usage errors', async () => {
  const { folder } = withRuns();
  const both = await ompay(folder, 'report', '--last', RUN);
  expect(both).toMatchObject({ exitCode: 2, stdout: '' });
  expect(both.stderr).toContain(`--last and the run "${RUN}" are both given`);
  const [place, file] = [temporaryFolder(), join(temporaryFolder(), 'file')];
  writeFileSync(file, '');
  for (const wanted of [place, join(file, 'page.html')]) {
    const { exitCode, stderr } = await ompay(folder, 'report', '--html', wanted);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`--html ${JSON.stringify(wanted)} cannot be written (E`);
  }
});

/** Runs `ompay report --open` with a desktop of the test's own, or without any. */
function openWith(folder: string, environment: readonly string[]): Promise<Ended> {
  const program = join(import.meta.dirname, '../../bin/ompay');
  const without = ['-u', 'DISPLAY', '-u', 'WAYLAND_DISPLAY'];
  return run('env', [...without, ...environment, program, '-C', folder, 'report', '--open']);
}

test('--open without a display says where the page is', async () => {
  const { folder, reports } = withRuns();
  const { exitCode, stderr } = await openWith(folder, []);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: `there is no display here: open ${join(reports, `${RUN}.html`)} in a browser\n`,
  });
});

test('--open gives the page to xdg-open where there is a display', async () => {
  const { folder, reports } = withRuns();
  const desktop = temporaryFolder();
  writeFileSync(join(desktop, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > '${desktop}/opened'\n`, {
    mode: 0o755,
  });
  const { stderr } = await openWith(folder, ['DISPLAY=:9', `PATH=${desktop}:${process.env.PATH ?? ''}`]);
  expect(stderr).toBe('');
  expect(readFileSync(join(desktop, 'opened'), 'utf8')).toBe(join(reports, `${RUN}.html`));
});

test('--tell tells the team what .env says, in French and English, and says how it went', async () => {
  const { folder } = withRuns(rolledBackDeploy());
  const { url, received } = await hook(200);
  writeFileSync(
    join(folder, '.env'),
    `APP_ENV=staging\nTEAM_WEBHOOK_URL=${url}\nTEAM_WEBHOOK_SECRET=webhook-secret\n`,
  );
  const { exitCode, stdout, stderr } = await ompay(folder, 'report', '--tell');
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: `webhook to ${new URL(url).origin} delivered (HTTP 200)\n`,
  });
  const message: unknown = JSON.parse(received[0]?.body ?? '');
  expect(message).toMatchObject({
    run: RUN,
    subject:
      'OMPAY [staging] Échec, annulé automatiquement : la version 63763e2c0759 (0.1.0) sert les clients. / Failed, undone by itself: release 63763e2c0759 (0.1.0) serves clients.',
    facts: {
      environment: 'staging',
      outcome: 'rolledBack',
      serving: '63763e2c0759',
      to: '9b1e04c7aa30',
      failedRequests: 36,
    },
  });
  expect(stdout + stderr).not.toContain('secret');
});

test('--tell with nobody to tell, or wrong settings, fails with what to set', async () => {
  const { folder } = withRuns();
  const nobody = await ompay(folder, 'report', '--tell');
  expect(nobody.exitCode).toBe(6);
  expect(nobody.stderr).toContain('not configured: set TEAM_WEBHOOK_URL or TEAM_MAIL_TO in .env');
  writeFileSync(join(folder, '.env'), 'TEAM_WEBHOOK_URL=http://hooks.example.sn/token-1\n');
  const wrong = await ompay(folder, 'report', '--tell');
  expect(wrong.stderr).toContain('TEAM_WEBHOOK_URL holds a value that is not shown');
  expect(wrong.stderr).not.toContain('token-1');
  rmSync(join(folder, '.env'));
});
