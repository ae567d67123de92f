import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../db/open.ts';
import { type Finding, type FindingKind, MOST_FINDINGS } from './finding.ts';

interface RowLook {
  readonly kind: FindingKind;
  readonly table: string;
  /** As SQL: whether the row is rather of the other kind. */
  readonly unless?: { readonly kind: FindingKind; readonly when: RawBuilder<unknown> };
  /** What names the row, as SQL. */
  readonly named: RawBuilder<string>;
  /** What follows FROM. */
  readonly wrong: RawBuilder<unknown>;
}

/**
 * Rows that do not fit the others, each kind by one statement, so that it sees one moment of a ledger that moves. The
 * same SQL on every database.
 */
const LOOKS: readonly RowLook[] = [
  {
    kind: 'afterHead',
    table: 'transfers',
    named: sql`concat('chain_seq=', chain_seq, ' id=', id)`,
    wrong: sql`transfers where chain_seq < 1 or chain_seq > (select max(chain_seq) from ledger_head)`,
  },
  {
    kind: 'afterHead',
    table: 'audit_events',
    named: sql`concat('seq=', seq)`,
    wrong: sql`audit_events where seq < 1 or seq > (select max(seq) from audit_head)`,
  },
  {
    kind: 'sealStray',
    table: 'description_seals',
    named: sql`concat('chain_seq=', s.chain_seq)`,
    wrong: sql`description_seals s left join transfers t on t.chain_seq = s.chain_seq where t.id is null`,
  },
  {
    kind: 'balanceAfterOff',
    table: 'accounts',
    unless: { kind: 'balanceOff', when: sql`a.balance <> coalesce(m.total, 0)` },
    named: sql`concat('id=', a.id)`,
    // One reading of the entries for both. Asked for each account's last entry alone, MySQL reads the table backwards for each.
    wrong: sql`accounts a left join
      (select account_id, sum(amount) as total, max(chain_seq) as place from entries group by account_id) m
        on m.account_id = a.id
      left join entries e on e.account_id = a.id and e.chain_seq = m.place
      where a.balance <> coalesce(m.total, 0) or a.balance <> coalesce(e.balance_after, 0)`,
  },
  {
    kind: 'negative',
    table: 'accounts',
    named: sql`concat('id=', id)`,
    wrong: sql`accounts where kind <> 'issuance' and (balance < 0 or balance - held < 0)`,
  },
  {
    kind: 'heldOff',
    table: 'accounts',
    named: sql`concat('id=', a.id)`,
    wrong: sql`accounts a left join
      (select account_id, sum(held) as total from holds where status = 'en_attente' group by account_id) h
      on h.account_id = a.id where a.held <> coalesce(h.total, 0)`,
  },
  {
    kind: 'holdAstray',
    table: 'holds',
    named: sql`concat('id=', h.id)`,
    wrong: sql`holds h left join transfers t on t.reference = h.reference
      where (h.status = 'reussi') <> (t.id is not null)
      or (t.id is not null and (t.id <> h.transfer_id or t.type <> h.type or t.amount <> h.amount or t.fee <> h.fee
        or h.account_id <> case when h.type = 'depot' then t.credit_account_id else t.debit_account_id end))`,
  },
  {
    kind: 'reversalAstray',
    table: 'reversals',
    named: sql`concat('transfer_id=', r.transfer_id)`,
    wrong: sql`reversals r left join transfers t on t.id = r.transfer_id left join transfers o on o.id = r.reverses_id
      where t.id is null or o.id is null or t.amount <> o.amount
      or t.debit_account_id <> o.credit_account_id or t.credit_account_id <> o.debit_account_id`,
  },
  {
    kind: 'keyAstray',
    table: 'idempotency_keys',
    named: sql`concat('owner_id=', k.owner_id, ' transfer_id=', k.transfer_id)`,
    wrong: sql`idempotency_keys k left join transfers t on t.id = k.transfer_id
      where k.transfer_id is not null and t.id is null`,
  },
  // The trail's JSON has one form, so the row makes the same text or is not the same.
  {
    kind: 'holdUnlikeTrail',
    table: 'holds',
    named: sql`concat('id=', e.subject_id, ' seq=', e.seq)`,
    wrong: sql`audit_events e left join holds h on h.id = e.subject_id where e.action = 'hold.opened'
      and (h.id is null or e.detail <> concat('{"account":"', h.account_id, '","type":"', h.type, '","amount":', h.amount,
        ',"fee":', h.fee, ',"held":', h.held, ',"reference":"', h.reference, '"}'))`,
  },
  {
    kind: 'holdUnlikeTrail',
    table: 'holds',
    named: sql`concat('id=', e.subject_id, ' seq=', e.seq)`,
    wrong: sql`audit_events e join holds h on h.id = e.subject_id
      where (e.action = 'hold.posted' and h.status <> 'reussi') or (e.action = 'hold.voided' and h.status <> 'annule')
      or (e.action = 'hold.expired' and h.status <> 'echoue')`,
  },
  {
    kind: 'reversalAstray',
    table: 'reversals',
    named: sql`concat('transfer_id=', e.subject_id, ' seq=', e.seq)`,
    wrong: sql`audit_events e left join reversals r on r.transfer_id = e.subject_id
      where e.action = 'transfer.reversed' and (r.transfer_id is null or r.reversed_by <> e.staff
        or e.detail <> concat('{"reverses":"', r.reverses_id, '"}'))`,
  },
  {
    kind: 'ruleUnlikeSource',
    table: 'fee_rules',
    named: sql`concat('type=', r.type)`,
    wrong: sql`fee_rules r left join legal_figures f on f.name = concat('fee.', r.type)
      where f.name is null or f.value <> r.rate_ppm`,
  },
  ...(['max_balance', 'daily_out', 'monthly_out', 'monthly_in', 'otp_requests_per_hour'] as const).map(
    (column): RowLook => ({
      kind: 'ruleUnlikeSource',
      table: 'limit_rules',
      named: sql`concat('kyc_level=', r.kyc_level, ' column=', ${sql.lit(column)})`,
      wrong: sql`limit_rules r left join legal_figures f
        on f.name = concat('limit.', r.kyc_level, ${sql.lit(`.${column}`)})
        where f.name is null or coalesce(f.value, -1) <> coalesce(r.${sql.ref(column)}, -1)`,
    }),
  ),
];

const STRAY = {
  kind: 'entryStray',
  table: 'entries',
  named: sql<string>`concat('chain_seq=', e.chain_seq, ' line=', e.line)`,
} as const;

/**
 * Entries without a transfer. Where the chain has every transfer from the first to its head, only before and after these.
 */
export async function lookAtStrays(db: Database, allThere: boolean): Promise<readonly Finding[]> {
  const wrong = allThere
    ? sql`entries e where e.chain_seq < 1 or e.chain_seq > (select max(chain_seq) from ledger_head)`
    : sql`entries e left join transfers t on t.chain_seq = e.chain_seq where t.id is null`;
  return lookAt(db, { ...STRAY, wrong });
}

export async function lookAtRows(db: Database, onLook: (table: string) => void): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const look of LOOKS) {
    onLook(look.table);
    findings.push(...(await lookAt(db, look)));
  }
  return findings;
}

async function lookAt(
  { kysely }: Database,
  { kind, table, unless, named, wrong }: RowLook,
): Promise<readonly Finding[]> {
  const other = unless === undefined ? sql`0` : sql`case when ${unless.when} then 1 else 0 end`;
  const { rows } = await sql<{ named: string; other: number }>`
    select ${named} as named, ${other} as other from ${wrong} limit ${sql.lit(MOST_FINDINGS)}`.execute(
    kysely,
  );
  return rows.map((row) => ({
    kind: row.other === 1 && unless !== undefined ? unless.kind : kind,
    table,
    row: row.named,
  }));
}
