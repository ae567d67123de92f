import { randomBytes } from 'node:crypto';
import { createPasswordHasher } from '../../src/api/auth/passwords.ts';
import type { Database } from '../../src/api/db/open.ts';
import { newReference } from '../../src/api/ledger/reference.ts';
import type { Ledger } from '../../src/api/ledger/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { makePeople, type Person, type PersonWish } from '../bank/world.ts';

/** Whom requests are sent as, and whom they must learn nothing of. */
export interface FuzzPeople {
  readonly attackers: readonly Person[];
  readonly victims: readonly Victim[];
  /** By the id of an attacker's user: a transfer that he made. */
  readonly references: ReadonlyMap<string, string>;
}

export interface Victim extends Person {
  readonly nom: string;
  readonly prenom: string;
  readonly cni: string;
  /** Of a transfer between victims. */
  readonly reference: string;
}

/** XOF: what no attacker can have, so that this much in an answer is a victim's. */
export const VICTIM_FUNDS_XOF = 1_500_000;
export const PASSWORD = 'un-bon-mot-de-passe';
/** Of the attackers that have one. */
export const KNOWN_PIN = '4826';
const ATTACKER_FUNDS_XOF = 5_000;
const FLOAT_XOF = 15_000;

/** Ten attackers: seven customers, a merchant, two distributors. */
const TEN: readonly PersonWish[] = [
  ...Array.from({ length: 7 }, () => ({ kind: 'customer', fundsXof: ATTACKER_FUNDS_XOF }) as const),
  { kind: 'merchant', fundsXof: ATTACKER_FUNDS_XOF },
  ...Array.from({ length: 2 }, () => ({ kind: 'distributor', fundsXof: FLOAT_XOF }) as const),
];

export async function makeFuzzPeople(
  parts: { readonly database: Database; readonly ledger: Ledger },
  tens: number,
): Promise<FuzzPeople> {
  const wishes = Array.from({ length: tens }, () => TEN).flat();
  const attackers = await makePeople(parts, wishes, 1_000);
  const passwordHash = await createPasswordHasher().hash(PASSWORD);
  await parts.database.kysely.updateTable('users').set({ password_hash: passwordHash }).execute();
  const strangers = await makePeople(
    parts,
    [
      { kind: 'customer', fundsXof: VICTIM_FUNDS_XOF },
      { kind: 'merchant', fundsXof: VICTIM_FUNDS_XOF },
    ],
    9_000_000,
  );
  const reference = await pay(parts.ledger, strangers);
  const victims = strangers.map((person, index) => ({
    ...person,
    nom: `Nomdevictime${index}`,
    prenom: `Prenomdevictime${index}`,
    cni: `VV90000000${index}`,
    reference,
  }));
  for (const victim of victims) await makeKnown(parts.database, victim, passwordHash);
  const references = attackers.map(
    async (attacker, index): Promise<[string, string]> => [
      attacker.userId,
      await pay(parts.ledger, [attacker, attackers[(index + 1) % attackers.length] ?? attacker]),
    ],
  );
  return { attackers, victims, references: new Map(await Promise.all(references)) };
}

/** Names of its own, and a PIN that nobody knows: without one, a distributor may take a client's money. */
async function makeKnown({ kysely }: Database, victim: Victim, passwordHash: string): Promise<void> {
  const { userId, nom, prenom, cni } = victim;
  const named = { nom, prenom, cni, password_hash: passwordHash };
  await kysely.updateTable('users').set(named).where('id', '=', userId).execute();
  const nowMs = systemClock.now();
  await kysely
    .insertInto('pins')
    .values({
      user_id: userId,
      salt: randomBytes(16).toString('hex'),
      pin_hmac: randomBytes(32).toString('hex'),
      created_at_ms: nowMs,
      changed_at_ms: nowMs,
    })
    .execute();
}

/** What stands in a drawn request for what is its sender's own, as who sends it is known last. */
export const OWN = {
  telephone: '«telephone»',
  account: '«compte»',
  numero: '«numero»',
  reference: '«reference»',
} as const;

export function withOwn(text: string, sender: Person, { references }: FuzzPeople): string {
  return text
    .replaceAll(OWN.telephone, sender.telephone)
    .replaceAll(OWN.account, sender.accountId)
    .replaceAll(OWN.numero, `OM${sender.telephone.slice(1)}`)
    .replaceAll(OWN.reference, references.get(sender.userId) ?? '');
}

/** The first pays the second 100 XOF. */
async function pay(ledger: Ledger, [debit, credit]: readonly Person[]): Promise<string> {
  const result = await ledger.post({
    type: 'paiement',
    debitAccountId: debit?.accountId ?? '',
    creditAccountId: credit?.accountId ?? '',
    amountXof: 100,
    description: null,
    initiatorId: null,
    idempotency: null,
    messages: () => [],
    answer: () => ({ statusCode: 200, body: '' }),
  });
  if (result.kind === 'done' && result.outcome.kind === 'posted') return result.outcome.transfer.reference;
  throw new Error(`not paid: ${JSON.stringify(result)}`);
}

/** A reference of the right shape that no transfer has. */
export function unknownReference(): string {
  return newReference(systemClock.now());
}
