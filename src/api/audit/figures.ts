import assert from 'node:assert/strict';
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Database } from '../db/open.ts';
import type { LegalFigureRow, Schema } from '../db/schema.ts';
import { writeAudit } from './write.ts';

/** Every figure with its source, by name. */
export function legalFigures({ kysely }: Database): Promise<readonly LegalFigureRow[]> {
  return kysely.selectFrom('legal_figures').selectAll().orderBy('name').execute();
}

export type FigureChange = Omit<LegalFigureRow, 'unit'>;

/**
 * Changes a figure with its source, the rule that it is in force by, and tells the audit trail, in one transaction. In
 * force everywhere a second later. Throws `notFound` for a name that no figure has.
 */
export async function changeFigure(
  { database, clock, staff }: { readonly database: Database; readonly clock: Clock; readonly staff: string },
  change: FigureChange,
): Promise<void> {
  const { name, value, ...source } = change;
  await database.transaction(async (trx) => {
    const before = await trx
      .selectFrom('legal_figures')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirst();
    if (before === undefined) {
      throw new OmpayError('notFound', `no figure is called "${name}"`, { hint: 'ompay api rules list' });
    }
    await trx
      .updateTable('legal_figures')
      .set({ value, ...source })
      .where('name', '=', name)
      .execute();
    await enforce(
      trx,
      name,
      value,
      `${source.instrument}${source.article === null ? '' : `, ${source.article}`}`,
    );
    const detail = { name, before: before.value, after: value, effective_on: source.effective_on };
    await writeAudit(trx, database.dialect, [{ action: 'rule.changed', staff, detail }], clock.now());
  });
}

/** Some figures are only written down: nothing here enforces them. */
async function enforce(
  trx: Kysely<Schema>,
  name: string,
  value: number | null,
  source: string,
): Promise<void> {
  const [kind, subject = '', column] = name.split('.');
  if (kind === 'fee') {
    assert(value !== null, 'a fee is a number');
    await trx
      .updateTable('fee_rules')
      .set({ rate_ppm: value, source })
      .where(sql<boolean>`type = ${subject}`)
      .execute();
  }
  if (kind === 'limit') {
    const set = LIMIT_COLUMNS.find((each) => each === column);
    assert(set !== undefined, `no limit is kept in a column ${column}`);
    await trx
      .updateTable('limit_rules')
      .set({ [set]: value, source })
      .where(sql<boolean>`kyc_level = ${subject}`)
      .execute();
  }
}

const LIMIT_COLUMNS = [
  'max_balance',
  'daily_out',
  'monthly_out',
  'monthly_in',
  'otp_requests_per_hour',
] as const;
