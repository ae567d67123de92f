import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journalFiles } from '../../src/plan/journal.ts';
import { findRun, lastReleasing, listRuns } from '../../src/report/read.ts';
import { gatherReport, keepReport, reportsFolder, writeReport } from '../../src/report/write.ts';
import { goodDeploy, journalled, RUN, started, type Timed } from './runs.ts';

test('the record and the page are for this user alone, and are the same when they are made again', async () => {
  const run = journalled(goodDeploy());
  expect(await writeReport({ ...run, language: 'fr' })).toBeNull();
  const folder = reportsFolder(run.layout);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const names = readdirSync(folder).sort((a, b) => a.localeCompare(b));
  expect(names).toEqual([`${RUN}.html`, `${RUN}.json`]);
  const texts = names.map((name) => {
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    return readFileSync(join(folder, name), 'utf8');
  });
  expect(JSON.parse(texts[1] ?? '')).toEqual(await gatherReport(run));
  await writeReport({ ...run, language: 'fr' });
  expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(texts);
});

test('a report that cannot be written is a warning with the command that makes it, and throws nothing', async () => {
  const run = journalled(goodDeploy());
  writeFileSync(join(run.layout.state, 'reports'), 'a file stands in its place');
  const warning = await writeReport({ ...run, language: 'fr' });
  expect(warning).toContain(`no report of run ${RUN}`);
  expect(warning).toContain(`make it with: ompay report ${RUN}`);
});

test('a run that the journal does not know is a warning too', async () => {
  const run = journalled(goodDeploy());
  expect(await writeReport({ ...run, run: '01OTHER', language: 'fr' })).toContain(
    'the journal has no run 01OTHER',
  );
  rmSync(journalFiles(run.layout).lines);
  expect(await writeReport({ ...run, language: 'fr' })).toContain('the journal has no run');
});

test('the newest 200 runs keep their files; messages to the team and files of others stay', async () => {
  const run = journalled(goodDeploy());
  const folder = reportsFolder(run.layout);
  mkdirSync(folder, { mode: 0o700 });
  const old = Array.from(
    { length: 201 },
    (_, index) => `01M0000000000000000000${String(index).padStart(4, '0')}`,
  );
  for (const name of old) {
    for (const suffix of ['.json', '.html', '.en.html', '-message.json'])
      writeFileSync(join(folder, `${name}${suffix}`), '');
  }
  writeFileSync(join(folder, 'notes.html'), '');
  keepReport(run.layout, await gatherReport(run), 'en');
  const names = new Set(readdirSync(folder));
  expect(names).toContain('notes.html');
  expect(old.filter((name) => names.has(`${name}.json`))).toEqual(old.slice(2));
  expect(old.filter((name) => names.has(`${name}.en.html`))).toEqual(old.slice(2));
  expect(old.filter((name) => names.has(`${name}-message.json`))).toEqual(old);
  expect(names).toContain(`${RUN}.en.html`);
});

test('without the public key no line is proven, and the report says so', async () => {
  const run = journalled(goodDeploy());
  rmSync(journalFiles(run.layout).publicKey);
  const { proof } = await gatherReport(run);
  expect(proof.brokenSeqs).toHaveLength(proof.lines);
});

test('a deploy that found the lock held is not the newest, unless there is no other', async () => {
  const busyRun = '01M82ZZZZZZZZZZZZZZZZZZZZZ';
  const error = { code: 'lockHeld', message: 'the lock is held by awa', hint: 'ompay lock status' };
  const busy: readonly Timed[] = [
    ...started('deploy'),
    { event: { type: 'run-done', exitCode: 4, summary: error.message, data: { error }, durationMs: 5 } },
  ];
  const run = journalled(goodDeploy());
  journalled(busy, busyRun, run.layout.root);
  expect(lastReleasing(await listRuns(journalFiles(run.layout))).run).toBe(RUN);
  const alone = journalled(busy, busyRun);
  expect(lastReleasing(await listRuns(journalFiles(alone.layout))).run).toBe(busyRun);
});

test('a run is found by the beginning of its id, in any case, when it is the only one', async () => {
  const run = journalled(goodDeploy());
  journalled(started('rollback'), '01M82ZZZZZZZZZZZZZZZZZZZZZ', run.layout.root);
  const heads = await listRuns(journalFiles(run.layout));
  expect(heads).toMatchObject([
    { run: RUN, command: 'deploy' },
    { run: '01M82ZZZZZZZZZZZZZZZZZZZZZ', command: 'rollback' },
  ]);
  expect(findRun(heads, '01m82d').run).toBe(RUN);
  expect(() => findRun(heads, '01M82')).toThrow('2 runs begin with "01M82"');
  expect(() => findRun(heads, 'ZZ')).toThrow('no run is named "ZZ"');
});
