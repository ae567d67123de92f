import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { ulid } from '../../core/ids.ts';
import { listEpochs } from '../../engine/mysql/binlog/epochs.ts';
import { readStatus } from '../../engine/mysql/binlog/status.ts';
import { restorePoint } from '../../restore/point.ts';
import { type LogSource, planPoint } from '../../restore/point-plan.ts';
import { restoreTables } from '../../restore/point-tables.ts';
import { parseTarget } from '../../restore/point-target.ts';
import { isLsn } from '../../restore/postgres-target.ts';
import { sentLog } from '../../restore/sent-log.ts';
import type { Store } from '../../store/store.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import type { SiteBackups } from './backup-site.ts';
import { binlogFolder, logOf, mysqlOf, type ServersLog } from './binlog.ts';
import { chosenStores } from './copies.ts';
import { environmentName } from './environment.ts';
import { restorePostgresToPoint } from './postgres-point.ts';
import { withProgress } from './progress.ts';
import { hostPlace, printPromotion, promoteProven } from './promote.ts';
import { assertConfirmable } from './promote-confirm.ts';
import { withRestorable } from './repository-site.ts';
import { shownPlan, tellPassedOver, tellRestored, toldPlan } from './restore-point-shown.ts';
import { assertDumpable, assertTablesOf, tablesNamed, warnOfAbsent } from './restore-tables.ts';

/**
 * Restores MySQL or MariaDB to an exact transaction, into a folder of its own or, with `--into host`, in place of its server's; with
 * `--table` these tables alone stay, as SQL; with `--plan` it only says how.
 */
export async function restoreToPoint(
  invocation: Invocation,
  to: string,
  asOfMs: number | null,
): Promise<number> {
  const { clock, command, output, signal } = invocation;
  // Of which database it is, is not known yet.
  const early = isLsn(to) ? undefined : parseTarget(to);
  if (isForHost(invocation) && textOption(command, 'repository') !== undefined) throw notInPlace();
  const tables = tablesNamed(invocation);
  if (isForHost(invocation) && !hasOption(command, 'plan'))
    assertConfirmable(invocation, environmentName(invocation));
  const beginMs = clock.monotonicMs();
  return withRestorable(
    invocation,
    async (deps) => {
      if (isForHost(invocation)) assertReplaceable(deps);
      if (tables.length > 0) assertTablesOf(deps);
      if (deps.postgres !== null) {
        const postgres = await deps.postgres();
        return restorePostgresToPoint(invocation, deps, { to, postgres, into: placeOf(invocation, deps) });
      }
      const target = early ?? parseTarget(to);
      return withLogs(invocation, deps, async (stores, sources) => {
        const log = await logOf(deps);
        const mysql = tables.length > 0 ? await mysqlOf(deps) : undefined;
        if (mysql !== undefined) await assertDumpable(mysql);
        const plan = await planPoint({ ...deps, stores }, { target, sources, engine: log.engine });
        const planMs = Math.round(clock.monotonicMs() - beginMs);
        if (!output.json) output.write(shownPlan(plan, { tables, nowMs: clock.now() }));
        tellPassedOver(plan);
        if (mysql !== undefined) await warnOfAbsent(mysql, tables);
        const host = isForHost(invocation) ? await hostPlace(invocation, deps) : undefined;
        const { gtids } = plan.resolved;
        if (hasOption(command, 'plan')) {
          if (output.json) output.write(`${JSON.stringify({ ...toldPlan(plan), tables })}\n`);
          if (host !== undefined) await printPromotion(invocation, deps, { place: host, gtids });
          return 0;
        }
        const into = host?.proven ?? placeOf(invocation, deps);
        const { scratch, replayDialect } = log;
        const restoring = { ...withProgress(deps, invocation), scratch, replayDialect };
        const restored =
          mysql === undefined
            ? await restorePoint(restoring, plan, { into, signal })
            : await restoreTables({ ...restoring, ...mysql }, plan, { into, tables, signal });
        const rtoMs = Math.round(clock.monotonicMs() - beginMs);
        tellRestored(invocation, { plan, restored, planMs, rtoMs, start: startOf(invocation, log, into) });
        if (host === undefined) return 0;
        return promoteProven(invocation, deps, { place: host, gtids, checks: restored.checks });
      });
    },
    asOfMs,
  );
}

/** The stores that `--from` chooses, and the logs: the receiver's own unless a copy is to do alone, then those in stores. */
async function withLogs<T>(
  invocation: Invocation,
  deps: SiteBackups,
  work: (stores: readonly Store[], sources: readonly LogSource[]) => Promise<T>,
): Promise<T> {
  const from = textOption(invocation.command, 'from');
  const stores = chosenStores(deps.stores, from);
  const folder = join(deps.workFolder, `log-${ulid(invocation.clock.now())}`);
  const { site, verificationKey, identity, formerIdentities = [] } = deps;
  const identities = [identity, ...formerIdentities];
  const isOneCopy = from !== undefined || textOption(invocation.command, 'repository') !== undefined;
  const isAlone = isOneCopy && textOption(invocation.command, 'log') === undefined;
  const engine = deps.mariadb === null ? 'mysql' : 'mariadb';
  const sent = stores.map((store) => sentLog({ store, engine, site, verificationKey, identities, folder }));
  try {
    return await work(stores, isAlone ? sent : [receivedLog(invocation, deps), ...sent]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The receiver's own folder on this machine. */
function receivedLog({ command, layout }: Invocation, { site }: SiteBackups): LogSource {
  const root = resolve(textOption(command, 'log') ?? binlogFolder(layout, site));
  return {
    name: root,
    open: async (serverUuid) => {
      const status = await readStatus(root);
      const knownUntilMs =
        status === undefined || status.caughtUpAt === '' ? 0 : Date.parse(status.caughtUpAt);
      const epochs = await listEpochs(root);
      const newest = epochs.at(-1);
      return epochs
        .filter((epoch) => epoch.serverUuid === serverUuid)
        .map((epoch) => ({ epoch, knownUntilMs: epoch === newest ? knownUntilMs : 0 }))
        .reverse();
    },
  };
}

/** Throws `usage` of MariaDB. */
function assertReplaceable({ mariadb, postgres }: SiteBackups): void {
  if (mariadb === null && postgres === null) return;
  throw new OmpayError('usage', '--into host is of MySQL alone', {
    hint: 'restore with --into FOLDER, then exchange them by hand: docs/mariadb-backup.md, docs/postgres-backup.md ("A point in time")',
  });
}

function notInPlace(): OmpayError {
  return new OmpayError('usage', '--into host is of an environment, and a repository alone knows none', {
    hint: 'restore with --into FOLDER, then exchange them by hand: docs/mysql-backup.md ("In place of the old one")',
  });
}

/** `scratch`, the default, is a new folder of the installation's. */
function placeOf({ clock, command, layout }: Invocation, { site }: SiteBackups): string {
  const into = textOption(command, 'into') ?? 'scratch';
  if (into !== 'scratch') return resolve(into);
  return join(layout.state, 'restored', `${site}-${ulid(clock.now())}`);
}

function isForHost({ command }: Invocation): boolean {
  return textOption(command, 'into') === 'host';
}

/** A data folder is started where it lies, unless it is put in place or tables are all that is left of it. */
function startOf(
  invocation: Invocation,
  { scratch, replayDialect }: ServersLog,
  into: string,
): string | undefined {
  if (isForHost(invocation) || tablesNamed(invocation).length > 0) return undefined;
  const { serverCommand } = replayDialect.settings?.(scratch, into) ?? scratch;
  return `${serverCommand.join(' ')} --datadir=${into} --socket=${into}.sock --skip-networking`;
}
