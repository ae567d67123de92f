import { ensureProbeAccounts } from '../../api/accounts/probe.ts';
import { checkInvariantsSince, isSound } from '../../api/ledger/invariants-since.ts';
import type { Clock } from '../../core/clock.ts';
import type { Layout } from '../../core/layout.ts';
import type { Witness } from '../../deploy/observation/witness.ts';
import type { ProbeAccounts } from '../../deploy/smoke-requests.ts';
import { type ApiKit, withApi } from './api.ts';
import { smokeAccounts } from './smoke.ts';

/** What the watch after a switch asks of the database: the ledger's invariants and the probe accounts. */
export function localWitness(layout: Layout, clock: Clock): Witness {
  return {
    ledgerPosition: () => withApi(layout, clock, ledgerPosition),
    during: (position, work) =>
      withApi(layout, clock, async (api) => {
        let since = position ?? (await ledgerPosition(api));
        let accounts: Promise<ProbeAccounts> | undefined;
        return work({
          invariants: async () => {
            const found = await checkInvariantsSince(api.database, since);
            if (!isSound(found)) return JSON.stringify(found);
            // What was right once is not looked at again, so a look stays quick in a long window.
            since = found.headSeq;
            return null;
          },
          probeAccounts: () => {
            accounts ??= probeAccounts(api);
            return accounts;
          },
        });
      }),
  };
}

async function probeAccounts(api: ApiKit): Promise<ProbeAccounts> {
  return smokeAccounts(await ensureProbeAccounts({ ...api, application: api.settings }));
}

async function ledgerPosition({ database }: ApiKit): Promise<number> {
  const head = await database.kysely.selectFrom('ledger_head').select('chain_seq').executeTakeFirstOrThrow();
  return head.chain_seq;
}
