import type { Kysely } from 'kysely';
import { OmpayError } from '../../core/errors.ts';
import type { Database } from '../db/open.ts';
import type { Schema, TransferRow } from '../db/schema.ts';
import { inLanguage } from '../language.ts';
import type { ReverseOutcome } from '../ledger/requests.ts';
import type { Ledger, OutgoingMessage, PostedTransfer } from '../ledger/types.ts';
import { SMS } from '../sentences.ts';

export interface ReversalRequest {
  /** Of the transfer that is to be undone. */
  readonly reference: string;
  readonly reason: string;
  /** Who decided. */
  readonly by: string;
}

export interface Reversal {
  /** Of the transfer that gave the money back. */
  readonly reference: string;
  /** XOF that the receiver gave back, and the fee that the house did. */
  readonly amountXof: number;
  readonly feeXof: number;
  /** False when it was undone before: then nothing was done now. */
  readonly reversed: boolean;
}

/**
 * Undoes a transfer by another, amount and fee, and tells both people by SMS. Idempotent: what was undone stays as it is.
 * Throws `notFound`; `checkBlocked` for a transfer that undid another, and when the receiver has spent the money.
 */
export async function reverseTransfer(
  { database, ledger }: { readonly database: Database; readonly ledger: Ledger },
  { reference, reason, by }: ReversalRequest,
): Promise<Reversal> {
  const { kysely } = database;
  const original = await transferOf(kysely, reference);
  const { id, fee: feeXof, amount: amountXof, debit_account_id: payer, credit_account_id: payee } = original;
  const phones = await phonesOf(kysely, [payer, payee]);
  const result = await ledger.post({
    operation: 'reverse',
    original,
    description: `Annulation de ${reference}`,
    reason,
    by,
    idempotency: null,
    messages: (outcome) => (outcome.kind === 'posted' ? messagesOf(outcome.transfer, reference, phones) : []),
    answer: (outcome) => {
      if (outcome.kind === 'refused') assertReversible(outcome.refusal, reference);
      return { statusCode: 200, body: outcome.kind };
    },
  });
  const reversed = result.kind === 'done' && result.outcome.kind === 'posted';
  return { reference: await referenceOf(kysely, id), amountXof, feeXof, reversed };
}

async function transferOf(kysely: Kysely<Schema>, reference: string): Promise<TransferRow> {
  const row = await kysely
    .selectFrom('transfers')
    .selectAll()
    .where('reference', '=', reference)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new OmpayError('notFound', `no transfer has the reference "${reference}"`, {
    hint: 'the reference is in both histories and in the SMS; an operation that is pending is cancelled by its owner',
  });
}

type Refusal = Extract<ReverseOutcome, { kind: 'refused' }>['refusal'];

/** Throws for what stays as it is; a transfer that was undone already is what was asked for. */
function assertReversible(refusal: Refusal, reference: string): void {
  switch (refusal.reason) {
    case 'alreadyReversed':
      return;
    case 'isReversal':
      throw new OmpayError('checkBlocked', `${reference} itself undid a transfer, and is not undone`, {
        hint: 'send the money again by a transfer of its own',
      });
    case 'insufficientFunds':
      throw new OmpayError(
        'checkBlocked',
        `the receiver of ${reference} has ${refusal.availableXof} of the ${refusal.neededXof} FCFA to give back`,
        { hint: 'ask again when the money is there; nothing was moved' },
      );
    default:
      throw new Error(`the ledger refused to undo ${reference}: ${refusal.reason}`);
  }
}

/** E.164 by account id; the house's own accounts have none. */
async function phonesOf(
  kysely: Kysely<Schema>,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await kysely
    .selectFrom('accounts')
    .innerJoin('users', 'users.id', 'accounts.user_id')
    .select(['accounts.id', 'users.telephone'])
    .where('accounts.id', 'in', accountIds)
    .execute();
  return new Map(rows.map(({ id, telephone }) => [id, telephone]));
}

function messagesOf(
  transfer: PostedTransfer,
  original: string,
  phones: ReadonlyMap<string, string>,
): readonly OutgoingMessage[] {
  const { reference, debitAccountId, creditAccountId, debitAvailableXof, creditAvailableXof } = transfer;
  const balances = new Map([
    [debitAccountId, debitAvailableXof],
    [creditAccountId, creditAvailableXof],
  ]);
  return [...phones].map(([accountId, recipient]) => {
    const balance = Number(balances.get(accountId));
    return {
      channel: 'sms',
      recipient,
      body: inLanguage(SMS.reversed, 'fr', { original, balance, reference }),
    };
  });
}

async function referenceOf(kysely: Kysely<Schema>, originalId: string): Promise<string> {
  const { reference } = await kysely
    .selectFrom('reversals')
    .innerJoin('transfers', 'transfers.id', 'reversals.transfer_id')
    .select('transfers.reference')
    .where('reversals.reverses_id', '=', originalId)
    .executeTakeFirstOrThrow();
  return reference;
}
