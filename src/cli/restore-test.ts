import { createPublicKey, type KeyObject } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { recordDrill } from '../backup/drill.ts';
import type { BackupDeps } from '../backup/types.ts';
import { writeFileAtomic } from '../core/files.ts';
import { ulid } from '../core/ids.ts';
import { hasPassed, type RestoredCopy, type RestoreTest } from '../core/restore-test.ts';
import { shownDuration } from '../core/units.ts';
import type { Language } from '../report/page/words.ts';
import { renderRestoreTest } from '../report/restore-test/page.ts';
import type { LoggedCopy } from '../restore/point-test.ts';
import { testRestore } from '../restore/restore-test.ts';
import { keepTest, type SealedTest } from '../restore/restore-test-file.ts';
import { sentLog } from '../restore/sent-log.ts';
import { findBackup } from '../store/repository/find.ts';
import type { Store } from '../store/store.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { type Watched, withAlarm } from './kit/alarms.ts';
import { refuseOtherKinds } from './kit/backup-kinds.ts';
import { type SiteBackups, withBackups } from './kit/backup-site.ts';
import { mysqlOf } from './kit/binlog.ts';
import { storeNamed } from './kit/copies.ts';
import { environmentOption } from './kit/environment.ts';
import { withProgress } from './kit/progress.ts';
import { restoreTestsFolder } from './kit/restore-tests.ts';
import { actor, note } from './operation.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .argument('[id]', 'a backup (default: latest; of MySQL with a log, a random moment after one)')
    .option('--from <store>', 'the only store that is read (default: an off-site one, else this disk)')
    .option('--english', 'the page in English, too (default: in French alone)');
}

/** Restores from one copy alone into a scratch folder, proves it, and files a signed record. Exit 3 unless all targets are met. */
export function run(invocation: Invocation): Promise<number> {
  return withAlarm(invocation, 'restore-test', () => testNow(invocation));
}

function testNow(invocation: Invocation): Promise<Watched> {
  const { args, command, layout, output, signal } = invocation;
  return withBackups(invocation, async (deps) => {
    const wanted = textOption(command, 'from');
    const store = wanted === undefined ? mostRemote(deps) : storeNamed(deps.stores, wanted);
    const id = args[0] ?? 'latest';
    if (args[0] !== undefined) await refuseOtherKinds(invocation, deps, id);
    const input = { store, id, workFolder: deps.workFolder, signal };
    const telling = withProgress(deps, invocation);
    const test =
      args[0] === undefined && deps.mysql !== null
        ? await withLog(deps, store, (logged) => testRestore(telling, { ...input, logged }))
        : await testRestore(telling, input);
    await recordIn(deps, test);
    const sealed = keepTest(restoreTestsFolder(layout, deps.site), test, deps.signingKey);
    const languages: readonly Language[] = hasOption(command, 'english') ? ['fr', 'en'] : ['fr'];
    const pages = languages.map((language) => writePage(invocation, { test, sealed, language, deps }));
    const passed = hasPassed(test);
    note(invocation, `restore test from ${store.name}: ${passed ? 'passed' : 'failed'}`, {
      test: test.id,
      store: store.name,
      passed,
    });
    if (output.json) output.write(`${JSON.stringify({ ...test, passed, record: sealed.path, pages })}\n`);
    else output.write(shown(test, [sealed.path, ...pages]));
    return { exitCode: passed ? 0 : 3, why: test.problem === '' ? 'a target was missed' : test.problem };
  });
}

/** The log that the store has, fetched into a folder that is removed afterwards. */
async function withLog<T>(
  deps: SiteBackups,
  store: Store,
  work: (logged: LoggedCopy) => Promise<T>,
): Promise<T> {
  const { site, verificationKey, identity, formerIdentities = [], workFolder } = deps;
  const folder = join(workFolder, `log-${ulid(deps.clock.now())}`);
  const identities = [identity, ...formerIdentities];
  const source = sentLog({ store, site, verificationKey, identities, folder });
  try {
    return await work({ scratch: (await mysqlOf(deps)).scratch, source });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An off-site copy is the one that must do when all else is lost. */
function mostRemote({ stores }: BackupDeps) {
  const store = stores.find(({ offsite }) => offsite) ?? stores[0];
  if (store !== undefined) return store;
  throw new TypeError('no store is configured');
}

/** A proven restore is also a look at that copy, to the highest level. */
async function recordIn(deps: BackupDeps, { store, restored }: RestoreTest): Promise<void> {
  if (restored === null) return;
  const copies = await findBackup(deps, restored.backup);
  const copy = copies.find((each) => each.store.name === store);
  if (copy === undefined) return;
  const drill = { backup: restored.backup, level: 4, passed: true, problem: '', tookMs: restored.rtoMs };
  const keys = { signingKey: deps.signingKey, nowMs: deps.clock.now() };
  await recordDrill(copy.store, copy.repository, drill, keys);
}

interface PageRequest {
  readonly test: RestoreTest;
  readonly sealed: SealedTest;
  readonly language: Language;
  readonly deps: Pick<BackupDeps, 'signingKey' | 'site'>;
}

function writePage({ layout }: Invocation, { test, sealed, language, deps }: PageRequest): string {
  const path = join(
    restoreTestsFolder(layout, deps.site),
    `${test.id}${language === 'en' ? '.en' : ''}.html`,
  );
  const seal = { ...sealed, by: actor(), publicKey: pem(deps.signingKey) };
  writeFileAtomic(path, renderRestoreTest(test, seal, language), 0o600);
  return path;
}

function pem(signingKey: KeyObject): string {
  return createPublicKey(signingKey).export({ type: 'spki', format: 'pem' }).toString().trim();
}

function shown(test: RestoreTest, paths: readonly string[]): string {
  const { restored, targets, problem, store } = test;
  const line = (name: string, seenMs: number, mostMs: number): string =>
    `  ${name}  ${shownDuration(seenMs)} (target ${shownDuration(mostMs)}) ${seenMs <= mostMs ? 'met' : 'MISSED'}\n`;
  const head =
    restored === null
      ? `restore test from ${store}: FAILED: ${problem}\n`
      : `restore test from ${store}: ${restored.backup} restored and proven${pointText(restored)}, ${restored.checks.length} checks\n${line('RPO', restored.rpoMs, targets.rpoMs)}${line('RTO', restored.rtoMs, targets.rtoMs)}`;
  return `${head}${paths.map((path) => `  ${path}\n`).join('')}`;
}

function pointText({ point }: RestoredCopy): string {
  return point === null
    ? ''
    : ` at ${point.gtid} (${point.committedAt}, ${point.transactions} transactions over the backup)`;
}
