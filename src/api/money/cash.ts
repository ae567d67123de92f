import { type Holder, isProbe, mayReceive } from '../accounts/holders.ts';
import { toE164 } from '../accounts/phone.ts';
import { ApiError } from '../errors.ts';
import { principalOf } from '../http/request.ts';
import type { RouteAnswer, RouteRequest } from '../http/route.ts';
import { fieldsError, REQUIRED } from '../http/validation.ts';
import { inLanguage, type Sentence } from '../language.ts';
import type { OutgoingMessage } from '../ledger/types.ts';
import type { RequestSchema } from '../schemas/json.ts';
import { SAID, SMS } from '../sentences.ts';
import type { Services } from '../services.ts';
import { NO_ACCOUNT, postMovement } from './post.ts';
import { transactionView } from './transaction.ts';

export interface CashRequest {
  readonly amount: number;
  readonly description?: string | undefined;
  /** Only a distributor names a client, so it is missing from a customer's refused request. */
  readonly telephone_client?: string | undefined;
}

/** A distributor takes cash and gives money from its float, or the other way round. */
export async function moveCash<B extends RequestSchema, Q extends RequestSchema>(
  services: Services,
  request: RouteRequest<B, Q>,
  cash: CashRequest & { readonly type: 'depot' | 'retrait' },
): Promise<RouteAnswer> {
  const distributor = principalOf(request);
  // A customer names nobody: his own deposit or withdrawal is opened, and confirmed by a distributor.
  if (distributor.account.kind !== 'distributor') throw new ApiError('distributorOnly');
  const { telephone_client: client } = cash;
  if (client === undefined) throw fieldsError({ telephone_client: [REQUIRED] });
  const clientId = await receiverOf(services, client, distributor);
  const deposit = cash.type === 'depot';
  const refusedAs = !deposit && (await hasPin(services, client)) ? 'clientConfirms' : undefined;
  return postMovement(services, request, {
    type: cash.type,
    debitAccountId: deposit ? distributor.account.id : clientId,
    creditAccountId: deposit ? clientId : distributor.account.id,
    amountXof: cash.amount,
    description: cash.description ?? null,
    refusedAs,
    named: client,
    message: deposit ? SAID.deposited : SAID.withdrawn,
    present: (posted) => ({
      transaction: transactionView(posted, deposit ? 'debit' : 'credit', 'reussi'),
      reference: posted.reference,
    }),
    messages: (posted) => [
      smsTo(toE164(client), deposit ? SMS.deposited : SMS.withdrawn, {
        amount: posted.amountXof,
        balance: deposit ? posted.creditAvailableXof : posted.debitAvailableXof,
        reference: posted.reference,
      }),
    ],
  });
}

/** The number alone does not take the money of a client with a PIN: the client asks for it, and confirms by a code. */
async function hasPin(services: Services, phone: string): Promise<boolean> {
  const holder = await services.holder(toE164(phone));
  return holder !== undefined && (await services.pin(holder.user.id)) !== undefined;
}

/**
 * The account of an active customer or merchant, else the one that nobody has. Probes are nobody to people, and people to
 * probes: their numbers are public, and money of others would fail a deployment, or theirs be taken at any distributor.
 */
export async function receiverOf(services: Services, phone: string, asker: Holder): Promise<string> {
  const holder = await services.holder(toE164(phone));
  if (!mayReceive(holder) || isProbe(holder) !== isProbe(asker)) return NO_ACCOUNT;
  return holder.account.id;
}

/** In French: a user's language is known only while he asks. */
export function smsTo(
  recipient: string,
  sentence: Sentence,
  parameters: Readonly<Record<string, string | number>>,
): OutgoingMessage {
  return { channel: 'sms', recipient, body: inLanguage(sentence, 'fr', parameters) };
}
