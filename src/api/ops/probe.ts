import { hostname } from 'node:os';
import { OmpayError } from '../../core/errors.ts';
import { ensureProbeAccounts } from '../accounts/probe.ts';
import { deriveRing } from '../auth/keys.ts';
import { createPasswordHasher } from '../auth/passwords.ts';
import { createLedger } from '../ledger/ledger.ts';
import { newestCode } from '../outbox/newest-code.ts';
import { sealBody } from '../outbox/seal.ts';
import type { OpsAnswer, OpsTools } from './tools.ts';

/** The customers and the distributor of smoke tests, made or mended. Their password is in the answer: it is kept nowhere. */
export async function probeAccounts({ settings, database, clock }: OpsTools): Promise<OpsAnswer> {
  const outbox = deriveRing(settings, 'outbox');
  const sealMessage = (body: string): string => sealBody(outbox, body);
  // Nobody reads a command's metrics; its errors reach the caller by themselves.
  const ledger = createLedger({ db: database, clock, sealMessage, onBatch: () => {}, onError: () => {} });
  try {
    const passwords = createPasswordHasher();
    const staff = `ops@${hostname()}`;
    const tools = { database, ledger, passwords, clock, staff, application: settings };
    const { phones, password } = await ensureProbeAccounts(tools);
    return { said: { ...phones, password: password.reveal() } };
  } finally {
    await ledger.close();
  }
}

/** `probe code 700000001`: what that number was sent last. Only the numbers of probes are answered for. */
export async function probeCode({ settings, database, words }: OpsTools): Promise<OpsAnswer> {
  const [telephone = ''] = words;
  if (!/^7000000\d\d$/.test(telephone)) {
    throw new OmpayError('usage', `${JSON.stringify(telephone)} is no number of a probe`, {
      hint: 'ops.mjs probe code 700000001',
    });
  }
  return { said: { code: await newestCode(database, deriveRing(settings, 'outbox'), telephone) } };
}
