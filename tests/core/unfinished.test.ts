import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { localLayout } from '../../src/core/layout.ts';
import { startTimeOf } from '../../src/core/process.ts';
import {
  temporaryFolder as makeTemporary,
  sweepUnfinished,
  unfinishedPath,
} from '../../src/core/unfinished.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const RANDOM = '0a1b2c3d4e5f';
/** This process's number with the start time of another one: its writer has ended. */
const DEAD = `${process.pid}-1.${RANDOM}.part`;

/** An installation and a temporary folder of their own. */
function place() {
  const root = temporaryFolder();
  const temporary = join(root, 'tmp');
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  const layout = localLayout(root);
  for (const folder of [layout.keys, layout.releases, layout.platform])
    mkdirSync(folder, { recursive: true });
  return { layout, temporary };
}

test('what a dead writer left is removed, files and folders, wherever they are written', () => {
  const { layout, temporary } = place();
  writeFileSync(join(layout.state, `lock.${DEAD}`), 'half');
  writeFileSync(join(layout.keys, `journal-ed25519.pem.${DEAD}`), 'half');
  mkdirSync(join(layout.releases, `aaaa.${DEAD}`, 'inner'), { recursive: true });
  mkdirSync(join(layout.platform, `bbbb.${DEAD}`));
  mkdirSync(join(temporary, `ompay-prove.${DEAD}`));
  expect(sweepUnfinished(layout)).toBe(5);
  expect(
    [layout.state, layout.keys, layout.releases, layout.platform].flatMap((each) => readdirSync(each)),
  ).toEqual(['keys', 'platform', 'releases']);
  expect(readdirSync(temporary)).toEqual([]);
  expect(sweepUnfinished(layout)).toBe(0);
});

test('what a dead writer left in the repository is removed: ompay.yml and the files of secrets', () => {
  const { layout } = place();
  const secrets = join(layout.root, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(layout.root, `ompay.yml.${DEAD}`), 'half');
  writeFileSync(join(secrets, `staging.age.${DEAD}`), 'half');
  writeFileSync(join(secrets, 'staging.age'), 'whole');
  expect(sweepUnfinished(layout)).toBe(2);
  expect(readdirSync(secrets)).toEqual(['staging.age']);
});

test('what a living process is writing stays, and so does what others left in the temporary folder', () => {
  const { layout, temporary } = place();
  const kept = [
    unfinishedPath(join(layout.state, 'lock')),
    join(layout.state, `lock.${process.pid}-${startTimeOf(process.pid)}.${RANDOM}.part`),
    join(layout.state, 'notes.part'),
    join(temporary, `another-program.${DEAD}`),
  ];
  for (const path of kept) writeFileSync(path, '');
  const own = makeTemporary('prove');
  expect(dirname(own)).toBe(tmpdir());
  expect(statSync(own).mode & 0o777).toBe(0o700);
  expect(sweepUnfinished(layout)).toBe(0);
  for (const path of [...kept, own]) expect(statSync(path, { throwIfNoEntry: false })).toBeDefined();
});

test('an installation that is not there yet has nothing to sweep', () => {
  const { layout } = place();
  expect(sweepUnfinished(localLayout(join(layout.root, 'none')))).toBe(0);
});
