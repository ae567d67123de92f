/**
 * npm run bench:verify [-- --databases mysql,mariadb,pgsql,pglite --transfers 400000 --accounts 20000 --json]
 * How fast `ompay api verify-ledger` proves a whole ledger. The rows are made here, with the ledger's own hashes, and put
 * in by thousands; what is timed is the verification alone, on a server that has just written them. 400,000 transfers are
 * a million entries.
 */
import { parseArgs } from 'node:util';
import { verifyLedger } from '../src/api/audit/verify/verify.ts';
import { type Database, openDatabase } from '../src/api/db/open.ts';
import type { EntryRow, TransferRow } from '../src/api/db/schema.ts';
import { chainHash } from '../src/api/ledger/chain.ts';
import { GENESIS_HASH, HOUSE } from '../src/api/ledger/house.ts';
import { MIGRATIONS } from '../src/api/migrations/index.ts';
import { migrateUp } from '../src/api/migrations/runner.ts';
import { systemClock } from '../src/core/clock.ts';
import { uuidv7 } from '../src/core/ids.ts';
import { MARIADB, MYSQL, PGLITE, POSTGRESQL, type ServerKind } from '../tests/fixtures/databases.ts';
import { makeAccounts } from '../tests/fixtures/people.ts';

const { values } = parseArgs({
  options: {
    databases: { type: 'string', default: 'mysql,mariadb,pgsql' },
    transfers: { type: 'string', default: '400000' },
    accounts: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
  },
});
const KINDS: Readonly<Record<string, ServerKind>> = {
  mysql: MYSQL,
  mariadb: MARIADB,
  pgsql: POSTGRESQL,
  pglite: PGLITE,
};
const TOGETHER = 2_000;

for (const name of values.databases.split(',')) {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`no database is called "${name}"`);
  if (kind.absent === undefined) await measure(kind);
  else process.stderr.write(`skipped: ${kind.name}: ${kind.absent}\n`);
}

async function measure(kind: ServerKind): Promise<void> {
  const server = await kind.start();
  const settings = await server.emptyDatabase();
  const db = openDatabase({ ...settings, statementTimeoutMs: 600_000 });
  try {
    await migrateUp(db, MIGRATIONS, systemClock);
    await fill(db, { transfers: Number(values.transfers), accounts: Number(values.accounts) });
    const startedMs = systemClock.monotonicMs();
    const { findings, entries, transfers } = await verifyLedger(db, [], () => {});
    const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
    const row = {
      database: kind.name,
      transfers,
      entries,
      seconds: Number(seconds.toFixed(2)),
      entriesPerSecond: Math.round(entries / seconds),
      rssMb: Math.round(process.memoryUsage().rss / 1_000_000),
      findings: findings.length,
    };
    process.stdout.write(
      values.json
        ? `${JSON.stringify(row)}\n`
        : `${row.database}: ${entries} entries of ${transfers} transfers in ${row.seconds} s: ${row.entriesPerSecond} entries/s, ${row.rssMb} MB, ${row.findings} findings\n`,
    );
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await db.close();
    await server.stop();
  }
}

/** Every second transfer has a fee, and so three entries. Balances stay above zero by a first deposit to each. */
async function fill(
  db: Database,
  size: { readonly transfers: number; readonly accounts: number },
): Promise<void> {
  const ids: string[] = [];
  for (let made = 0; made < size.accounts; made += TOGETHER) {
    const wishes = Array.from({ length: Math.min(TOGETHER, size.accounts - made) }, () => ({}));
    ids.push(...(await makeAccounts(db, wishes)).map(({ id }) => id));
  }
  const balances = new Map<string, number>();
  let head = GENESIS_HASH;
  let [transfers, entries]: [TransferRow[], EntryRow[]] = [[], []];
  const startMs = systemClock.now() - size.transfers;
  for (let seq = 1; seq <= size.transfers; seq += 1) {
    // One a millisecond, so that ids come in the order of time, as they do.
    const now = startMs + seq;
    const payee = ids[seq % ids.length] ?? '';
    const first = seq <= ids.length;
    const payer = first ? HOUSE.issuance.id : (ids[(seq * 7 + 1) % ids.length] ?? '');
    const [amount, fee] = [first ? 100_000 : 10, first || seq % 2 === 0 || payer === payee ? 0 : 1];
    const transfer = {
      id: uuidv7(now),
      reference: `TXN${seq}`,
      type: first ? 'approvisionnement' : 'transfert',
      status: 'reussi',
      debit_account_id: payer,
      credit_account_id: payer === payee ? HOUSE.suspense.id : payee,
      amount,
      fee,
      description: null,
      initiator_id: null,
      created_at_ms: now,
      chain_seq: seq,
    } as const;
    const moves = [
      [transfer.debit_account_id, -amount - fee],
      [transfer.credit_account_id, amount],
      [HOUSE.fees.id, fee],
    ] as const;
    const lines = moves
      .filter(([, moved]) => moved !== 0)
      .map(([account, moved], line) => {
        const balance = (balances.get(account) ?? 0) + moved;
        balances.set(account, balance);
        return {
          transfer_id: transfer.id,
          line,
          account_id: account,
          amount: moved,
          balance_after: balance,
          chain_seq: seq,
          created_at_ms: now,
        };
      });
    head = chainHash(head, transfer, lines, null);
    transfers.push({ ...transfer, chain_hash: head });
    entries.push(...lines);
    if (transfers.length < TOGETHER && seq < size.transfers) continue;
    await db.transaction(async (trx) => {
      await db.dialect.insertRows(trx, 'transfers', transfers);
      await db.dialect.insertRows(trx, 'entries', entries);
    });
    [transfers, entries] = [[], []];
  }
  const all = [...balances];
  for (let from = 0; from < all.length; from += TOGETHER) {
    const some = new Map(all.slice(from, from + TOGETHER));
    await db.dialect.updateNumbers(db.kysely, { table: 'accounts', key: 'id', set: 'balance' }, some);
  }
  await db.kysely
    .updateTable('ledger_head')
    .set({ chain_seq: size.transfers, chain_hash: head })
    .where('id', '=', 1)
    .execute();
}
