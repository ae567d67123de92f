import { existsSync } from 'node:fs';
import { OmpayError } from '../../core/errors.ts';
import { phase } from '../../deploy/deploy.ts';
import { lockPlan, unlockPlan } from '../../deploy/service-plans.ts';
import type { GtidSet } from '../../engine/mysql/gtid-set.ts';
import type { ProofCheck } from '../../engine/proof.ts';
import { localHost } from '../../host/local.ts';
import { type PromotionDeps, promotionHandlers } from '../../restore/promotion/handlers.ts';
import { lookAtServer, type ServerLook } from '../../restore/promotion/look.ts';
import { openPlan, promotePlan } from '../../restore/promotion/plan.ts';
import { endPromotion, promote } from '../../restore/promotion/promote.ts';
import {
  givenUp,
  type Promotion,
  promotionOf,
  promotionPath,
  readPromotion,
} from '../../restore/promotion/promotion.ts';
import type { Invocation } from '../command.ts';
import { type Operation, type OperationResult, runOperation } from '../operation.ts';
import { type SiteBackups, withBackups } from './backup-site.ts';
import { mysqlOf } from './binlog.ts';
import { printPlans } from './plans.ts';
import { confirmed } from './promote-confirm.ts';
import { shownEnd, shownExchange } from './promote-shown.ts';

/** The server that a restored database is to replace, on this machine. */
export interface HostPlace {
  readonly look: () => Promise<ServerLook>;
  /** Where it is restored to: beside the server's data folder. */
  readonly proven: string;
  readonly unit: string;
}

/** Refuses, before anything is restored, what could not be put in place afterwards. Changes nothing. */
export async function hostPlace(invocation: Invocation, deps: SiteBackups): Promise<HostPlace> {
  if (readPromotion(promotionPath(invocation.layout, deps.site)) !== undefined) throw unfinished(deps.site);
  const place = (await mysqlOf(deps)).place();
  const { clock, signal } = invocation;
  const look = (): Promise<ServerLook> => lookAtServer(place, { host: localHost(), clock, signal });
  const { dataFolder } = await look();
  const proven = `${dataFolder}.restored`;
  if (existsSync(proven)) throw leftOver(proven);
  return { look, proven, unit: place.unit };
}

interface ProvenRestore {
  readonly place: HostPlace;
  /** What it holds. */
  readonly gtids: GtidSet;
  readonly checks: readonly ProofCheck[];
}

/** What `--plan` prints. */
export async function printPromotion(
  invocation: Invocation,
  deps: SiteBackups,
  request: Omit<ProvenRestore, 'checks'>,
): Promise<void> {
  const promotion = await promotionNow(invocation, deps, request);
  const path = promotionPath(invocation.layout, deps.site);
  printPlans(invocation.output, [promotePlan(promotion, path), openPlan(promotion, path)]);
}

/** Asks, then puts the proven folder in place of the server's. Gives the exit code. */
export async function promoteProven(
  invocation: Invocation,
  deps: SiteBackups,
  request: ProvenRestore,
): Promise<number> {
  const { output } = invocation;
  const promotion = await promotionNow(invocation, deps, request);
  if (!output.json) output.write(shownExchange(promotion));
  await confirmed(invocation, promotion);
  const title = `Restore ${promotion.environment} in place`;
  const exitCode = await operate(
    invocation,
    deps,
    { promotion, checks: request.checks, title },
    async (operation, path) => {
      await promote(operation, promotion, path);
      const summary = `the restored database serves from ${promotion.dataFolder}`;
      return { exitCode: 0, summary, data: { ...promotion, givenUp: givenUp(promotion).text } };
    },
  );
  if (exitCode === 0 && !output.json) output.write(shownEnd(promotion));
  return exitCode;
}

/** Ends a promotion that was killed. Nothing to end is no error. */
export function resumePromotion(invocation: Invocation): Promise<number> {
  return withBackups(invocation, async (deps) => {
    const record = readPromotion(promotionPath(invocation.layout, deps.site));
    if (record === undefined) {
      invocation.output.write(
        invocation.output.json
          ? `${JSON.stringify({ type: 'run-done', exitCode: 0, summary: 'nothing is under way' })}\n`
          : 'nothing is under way: no restored database was on its way into place\n',
      );
      return 0;
    }
    const title = `End the restore of ${deps.site}`;
    return operate(invocation, deps, { promotion: record, checks: [], title }, async (operation, path) => {
      const end = await endPromotion(operation, record, path);
      const summary =
        end === 'in place'
          ? 'the restored database serves'
          : `the old database is back; the proven one is ${record.proven}`;
      return { exitCode: 0, summary, data: { ...record, end } };
    });
  });
}

async function promotionNow(
  { clock }: Invocation,
  { site }: SiteBackups,
  { place, gtids }: Omit<ProvenRestore, 'checks'>,
): Promise<Promotion> {
  return promotionOf({ environment: site, ...place, gtids, nowMs: clock.now() }, await place.look());
}

/** Under the lock, journalled. */
async function operate(
  invocation: Invocation,
  deps: SiteBackups,
  { promotion, checks, title }: Pick<PromotionDeps, 'promotion' | 'checks'> & { readonly title: string },
  work: (operation: Operation, recordPath: string) => Promise<OperationResult>,
): Promise<number> {
  const recordPath = promotionPath(invocation.layout, deps.site);
  const { scratch, access } = await mysqlOf(deps);
  const { database } = scratch;
  const needed = { promotion, recordPath, access: access(), database, queries: deps.queries, checks };
  return runOperation(
    invocation,
    { command: 'restore', title, input: { ...promotion }, handlers: () => promotionHandlers(needed) },
    async (operation) => {
      await phase(operation, lockPlan());
      const result = await work(operation, recordPath);
      await phase({ ...operation, signal: new AbortController().signal }, unlockPlan());
      return result;
    },
  );
}

function unfinished(environment: string): OmpayError {
  return new OmpayError(
    'alreadyExists',
    `a restored database of ${environment} is half in place: a command was killed`,
    {
      hint: `bring it to its end first: ompay restore -e ${environment} --resume`,
    },
  );
}

function leftOver(proven: string): OmpayError {
  return new OmpayError('alreadyExists', `${proven} is there, from a restore that was not put in place`, {
    hint: `look what it is, then move it away: mv ${proven} ${proven}-1`,
  });
}
