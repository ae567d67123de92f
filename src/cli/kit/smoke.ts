import { type ProbeAccounts as EnsuredAccounts, ensureProbeAccounts } from '../../api/accounts/probe.ts';
import { checkInvariants } from '../../api/ledger/invariants.ts';
import { isSound } from '../../api/ledger/invariants-since.ts';
import { newestCode } from '../../api/outbox/newest-code.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { runSmoke } from '../../deploy/smoke.ts';
import type { ProbeAccounts } from '../../deploy/smoke-requests.ts';
import type { Handlers } from '../../plan/act.ts';
import { type ApiKit, withApi } from './api.ts';

/** `smoke.run`: the flow talks HTTP to the slot; what it cannot see from outside is read from the database here. */
export function smokeHandlers(kit: {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly run: string;
}): Handlers {
  return {
    'smoke.run': ({ slot }, context) =>
      withApi(kit.layout, kit.clock, async (api) => {
        const accounts = await ensureProbeAccounts({ ...api, application: api.settings });
        return runSmoke({
          host: context.host,
          target: { socketPath: kit.layout.slotSockets[slot === 'green' ? 'green' : 'blue'] },
          accounts: smokeAccounts(accounts),
          run: kit.run,
          readOtp: (telephone) => newestCode(api.database, api.keys.outbox, telephone),
          proveLedger: () => proveLedger(api),
          signal: context.signal,
        });
      }),
  };
}

/** As the flows of src/deploy know them: what they send over HTTP. */
export function smokeAccounts({ phones, password }: EnsuredAccounts): ProbeAccounts {
  const { sender, receiver, distributor } = phones;
  return { sender, recipient: receiver, distributor, password: password.reveal() };
}

/** Debits = credits, each balance equals its entries, nobody owes. */
async function proveLedger(api: ApiKit): Promise<void> {
  const found = await checkInvariants(api.database);
  if (isSound(found)) return;
  throw new OmpayError('checkBlocked', `the ledger's invariants do not hold: ${JSON.stringify(found)}`, {
    hint: 'stop deploys (ompay lock acquire --reason ledger) and look at the transfers named: docs/api.md',
  });
}
