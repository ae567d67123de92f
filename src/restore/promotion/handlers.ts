import { realpath } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { MysqlAccess } from '../../engine/mysql/access.ts';
import {
  areEqual,
  contains,
  countOf,
  differenceOf,
  gtidSetText,
  parseGtidSet,
} from '../../engine/mysql/gtid-set.ts';
import { type MysqlSession, openSession } from '../../engine/mysql/session.ts';
import { assertNotOpen, committedIn } from '../../engine/mysql/stopped.ts';
import { type ProofCheck, type ProofQuery, proveCopy } from '../../engine/proof.ts';
import { disproven } from '../../engine/rehearse.ts';
import { act, type HandlerContext, type Handlers } from '../../plan/act.ts';
import { type JsonObject, stepsOf } from '../../plan/plan.ts';
import { assertInFolder, executedBy } from './look.ts';
import { putBackPlan, recordAction, stopAction } from './plan.ts';
import type { Promotion } from './promotion.ts';

const LIMITS = { connectMs: 5000, queryMs: 10 * 60_000 };
const RETRY_MS = 200;
/** Of a server that starts. */
const NOT_YET: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
]);

export interface PromotionDeps {
  readonly promotion: Promotion;
  readonly recordPath: string;
  readonly access: MysqlAccess;
  readonly database: string;
  readonly queries: readonly ProofQuery[];
  /** What the proven copy answered: the server must answer the very same. */
  readonly checks: readonly ProofCheck[];
}

/** What the plans of a promotion cannot say as a shell line. */
export function promotionHandlers(deps: PromotionDeps): Handlers {
  return {
    'promotion.still': () => assertStill(deps.promotion),
    'promotion.prove': (_input, context) => withServer(deps, context, (session) => prove(deps, session)),
    'promotion.answer': (_input, context) =>
      withServer(deps, context, (session) => assertOpen(deps.promotion, session)),
    'promotion.return': (_input, context) => giveBack(deps, context),
  };
}

/** Throws `checkBlocked` when more was committed than what was confirmed to be given up, and while a server runs. */
async function assertStill({ dataFolder, committed, unit }: Promotion): Promise<JsonObject> {
  await assertNotOpen(dataFolder).catch((cause: unknown) => {
    throw new OmpayError('checkBlocked', `${unit} was stopped, and a server still has ${dataFolder} open`, {
      hint: 'name the unit that runs it: copies: { database_unit: … } in ompay.yml',
      cause,
    });
  });
  const later = differenceOf(await committedIn(dataFolder), parseGtidSet(committed));
  if (later.size === 0) return {};
  const what = `${countOf(later)} transactions were committed after it was confirmed (${gtidSetText(later)})`;
  throw new OmpayError('checkBlocked', what, {
    hint: 'stop what writes, the API and its worker, not only its users; then restore again',
  });
}

/** The server must be on that folder, heed the gate, and answer what the proven copy answered. */
async function prove(
  { promotion, queries, checks }: PromotionDeps,
  session: MysqlSession,
): Promise<JsonObject> {
  await assertOn(session, promotion.dataFolder);
  await assertInFolder(session, promotion.dataFolder);
  const [isReadOnly] = await session.values('select @@super_read_only');
  if (isReadOnly !== '1') throw notHeeded();
  const executed = await executedBy(session);
  if (!areEqual(executed, parseGtidSet(promotion.gtids))) {
    const what = `the server has the transactions ${gtidSetText(executed)}, not those that were proven`;
    throw new OmpayError('backupDamaged', what, { hint: 'look at its binary logs and its settings' });
  }
  const facts = Object.fromEntries(
    checks.map(({ name, verdict, copy }) => [name, { isAbsent: verdict === 'absent', row: copy }]),
  );
  const proof = await proveCopy(session, queries, { before: facts, after: facts });
  if (!proof.isProven) throw disproven(proof);
  return { checks: proof.checks.length, shown: `${proof.checks.length} checks` };
}

function notHeeded(): OmpayError {
  const what = 'the server does not heed mysqld-auto.cnf, so clients could write before the proof';
  return new OmpayError('stateUnusable', what, { hint: 'remove persisted_globals_load from its settings' });
}

async function assertOn(session: MysqlSession, dataFolder: string): Promise<void> {
  const [named = ''] = await session.values('select @@datadir');
  const folder = await realpath(named).catch(() => named);
  if (folder === dataFolder) return;
  throw new OmpayError('stateUnusable', `the server that answers is on ${folder}, not on ${dataFolder}`, {
    hint: 'another server runs in its stead: systemctl list-units "mysql*"',
  });
}

async function assertOpen({ dataFolder, gtids }: Promotion, session: MysqlSession): Promise<JsonObject> {
  await assertOn(session, dataFolder);
  const [isReadOnly] = await session.values('select @@super_read_only');
  const isWhole = contains(await executedBy(session), parseGtidSet(gtids));
  if (isReadOnly === '0' && isWhole) return {};
  const what = isWhole
    ? 'the server takes no transactions: super_read_only is on'
    : 'the server lacks transactions';
  throw new OmpayError('stateUnusable', what, { hint: 'look at its settings: /etc/mysql, mysqld-auto.cnf' });
}

/** The old database, unless a client's transaction is in the new one by now. */
async function giveBack(
  { promotion, recordPath }: PromotionDeps,
  context: HandlerContext,
): Promise<JsonObject> {
  const acting = { ...context, handlers: {} };
  await act(stopAction(promotion), acting);
  const written = differenceOf(await committedIn(promotion.dataFolder), parseGtidSet(promotion.gtids));
  if (written.size > 0) {
    const what = `${countOf(written)} transactions were committed into the restored database (${gtidSetText(written)})`;
    throw new OmpayError('commandFailed', what, {
      hint: `it stays in place: journalctl -u ${promotion.unit}, then systemctl start ${promotion.unit}`,
    });
  }
  await act(recordAction(recordPath, promotion, false), acting);
  for (const { action } of stepsOf(putBackPlan(promotion, recordPath))) await act(action, acting);
  return {};
}

/** A session once the server answers; the step's time limit ends the waiting. */
async function withServer(
  { access, database }: PromotionDeps,
  { clock, signal }: HandlerContext,
  work: (session: MysqlSession) => Promise<JsonObject>,
): Promise<JsonObject> {
  const session = await openWhenServing(() => openSession(access, LIMITS, database), clock, signal);
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

async function openWhenServing(
  open: () => Promise<MysqlSession>,
  clock: Clock,
  signal: AbortSignal,
): Promise<MysqlSession> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const isNotYet = error instanceof OmpayError && NOT_YET.has(systemCodeOf(error.cause));
      if (!isNotYet) throw error;
    }
    await clock.sleep(RETRY_MS, signal);
  }
}
