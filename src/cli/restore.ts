import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, OmpayError } from '../core/errors.ts';
import { shownAge, shownDuration } from '../core/units.ts';
import { type Restored, restoreBackup } from '../restore/restore.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { refuseOtherKinds } from './kit/backup-kinds.ts';
import { chosenStores } from './kit/copies.ts';
import { environmentOption } from './kit/environment.ts';
import { withProgress } from './kit/progress.ts';
import { resumePromotion } from './kit/promote.ts';
import { withRestorable } from './kit/repository-site.ts';
import { restoreToPoint } from './kit/restore-point.ts';
import { assertNoTables } from './kit/restore-tables.ts';
import { note } from './operation.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .argument('[id]', 'a backup (default: latest)')
    .option(
      '--into <folder>',
      'an empty or absent folder, which becomes a data folder; with --to also: scratch, or host (in place)',
    )
    .option(
      '--to <point>',
      'a time with its zone, or latest; of MySQL and MariaDB a GTID, of PostgreSQL an LSN: exact to the transaction',
    )
    .option(
      '--table <name>',
      'with --to: this table alone, as SQL in a file; again for each more',
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option('--plan', 'with --to: say which transactions are the last in and the first out, and do nothing')
    .option(
      '--confirm <environment>',
      'with --into host: says, instead of typing it, whose database is replaced',
    )
    .option('--resume', 'bring to its end a --into host that was killed: forward or back, and nothing else')
    .option('--log <folder>', 'with --to: of a receiver that was given one by --to')
    .option(
      '--repository <folder>',
      'a copy as it lies, without ompay.yml and keys of this machine; with --key',
    )
    .option('--key <file>', 'with --repository: the private key of one of the recipients (age)')
    .option(
      '--signer <sha256>',
      'with --repository: whose signature it must have (default: told, and believed)',
    )
    .option('--site <name>', 'with --repository: of several in it')
    .option('--database <name>', 'with --repository: of servers, the database of the ledger (default: ompay)')
    .option('--from <store>', 'read this store alone (default: the first that has a good copy)')
    .option(
      '--as-of <time>',
      'S3 as it was then (ISO 8601): looks past later versions and marks of deletion',
    );
}

/** Makes a proven data folder of a backup, or of MySQL at an exact transaction (`--to`), which `--into host` puts in place. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, command, signal } = invocation;
  const to = textOption(command, 'to');
  if (to === undefined) assertNoTables(invocation);
  if (hasOption(command, 'resume')) return resumePromotion(invocation);
  if (to !== undefined) return restoreToPoint(invocation, to, asOfMs(command));
  const into = folderOf(command);
  const restored = await withRestorable(
    invocation,
    async (deps) => {
      const stores = chosenStores(deps.stores, textOption(command, 'from'));
      if (args[0] !== undefined) await refuseOtherKinds(invocation, deps, args[0]);
      return restoreBackup(
        { ...withProgress(deps, invocation), stores },
        { id: args[0] ?? 'latest', into, signal },
      );
    },
    asOfMs(command),
  );
  const { backup, store } = restored;
  note(invocation, `backup ${backup} restored from ${store} into ${into}`, { backup, store });
  tell(invocation, restored);
  return 0;
}

function folderOf(command: Command): string {
  const into = textOption(command, 'into');
  if (into === 'host') throw onlyToAPoint();
  if (into !== undefined) return resolve(into);
  throw new OmpayError('usage', '--into is missing: the folder to restore into', {
    hint: 'ompay restore --into FOLDER; to a point in time: ompay restore --to latest -e ENVIRONMENT',
  });
}

function onlyToAPoint(): OmpayError {
  return new OmpayError('usage', '--into host is of MySQL, to a point in time', {
    hint: 'ompay restore -e ENVIRONMENT --to latest --into host; others: --into FOLDER, then by hand (docs/backup.md)',
  });
}

function asOfMs(command: Command): number | null {
  const text = textOption(command, 'asOf');
  if (text === undefined) return null;
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new OmpayError('usage', `--as-of is ${JSON.stringify(text)}, which is no time`, {
    hint: 'ompay restore --from s3 --as-of 2026-11-22T17:05:08Z --into FOLDER',
  });
}

function tell({ clock, layout, output }: Invocation, restored: Restored): void {
  const { backup, store, into, startedAt, fetchMs, startMs, proveMs, checks } = restored;
  for (const { store: other, error } of restored.passedOver)
    process.stderr.write(`! passed over ${other}: ${messageOf(error)}\n`);
  for (const { store: other, error } of restored.unread)
    process.stderr.write(`! ${other} could not be read, and may hold newer backups: ${messageOf(error)}\n`);
  if (output.json) {
    output.write(
      `${JSON.stringify({ backup, store, into, startedAt, fetchMs, startMs, proveMs, checks: checks.length })}\n`,
    );
    return;
  }
  output.write(
    `${backup} (from ${store}, ${shownAge(clock.now() - Date.parse(startedAt))}) is in ${into}: fetched in ${shownDuration(fetchMs)}, started in ${shownDuration(startMs)}, ${checks.length} checks in ${shownDuration(proveMs)}\n`,
  );
  output.write(`to use it: ompay down, put the folder in place of ${layout.data}, ompay up\n`);
}
