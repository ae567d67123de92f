import { systemClock } from '../../../src/core/clock.ts';
import { type ScratchServer, startScratch } from '../../../src/engine/mysql/server.ts';
import { MYSQLD } from '../../../tests/fixtures/servers/mysql.ts';

const LIMITS = { timeoutMs: 300_000, queryMs: 120_000 };
const HEAD = 'select chain_seq from ompay.ledger_head';

/** Starts MySQL on a folder; durable, as a server is that is given back to its clients, with the source's memory. */
export function startOn(folder: string): Promise<ScratchServer> {
  const args = ['--skip-log-bin', '--innodb-buffer-pool-size=512M', '--innodb-redo-log-capacity=512M'];
  return startScratch({ serverCommand: MYSQLD, clock: systemClock }, folder, { ...LIMITS, args });
}

/** Throws when another ledger came out; the server is ended. */
export async function assertLedger(server: ScratchServer, head: string): Promise<void> {
  try {
    const [seen] = await server.session.values(HEAD);
    if (seen !== head) throw new Error(`the restored ledger ends with ${seen}, the source's with ${head}`);
  } finally {
    await server.stop('kill');
  }
}

export async function headOf(session: ScratchServer['session']): Promise<string> {
  const [head = ''] = await session.values(HEAD);
  return head;
}
