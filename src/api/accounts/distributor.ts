import { OmpayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { PASSWORD, PHONE } from '../schemas/fields.ts';
import { nationalNumber, toE164 } from './phone.ts';
import { ensureHolder, type StaffTools, supplyFloat } from './staff.ts';

export interface DistributorRequest {
  readonly telephone: string;
  readonly nom: string;
  readonly password: Secret;
  readonly floatXof: number;
}

export interface Distributor {
  readonly userId: string;
  readonly accountId: string;
  readonly numero: string;
  /** Nine digits. */
  readonly telephone: string;
  /** False when the number was a distributor already: its password and its float stay as they are. */
  readonly created: boolean;
}

/**
 * Makes an active distributor with a float from issuance; by the same number again, it changes nothing.
 * Killed in between, the next call supplies the float. Throws `usage` for bad input or a customer's number.
 */
export async function createDistributor(
  tools: StaffTools,
  request: DistributorRequest,
): Promise<Distributor> {
  assertUsable(request);
  const telephone = toE164(request.telephone);
  const { holder, created } = await ensureHolder(tools, {
    user: {
      nom: request.nom,
      prenom: '',
      telephone,
      cni: null,
      sexe: null,
      date_naissance: null,
      status: 'active',
      kyc_level: 'staff',
    },
    password: request.password.reveal(),
    kind: 'distributor',
    action: 'distributor.created',
  });
  const { id, numero } = holder.account;
  await supplyFloat(tools.ledger, {
    accountId: id,
    amountXof: request.floatXof,
    key: `float:${holder.user.id}`,
  });
  return { userId: holder.user.id, accountId: id, numero, telephone: nationalNumber(telephone), created };
}

function assertUsable({ telephone, password, floatXof }: DistributorRequest): void {
  if (!new RegExp(PHONE.pattern).test(telephone)) {
    throw refusal(`"${telephone}" is not a Senegalese mobile number`, 'nine digits, for example 771234567');
  }
  if (password.reveal().length < PASSWORD.minLength || password.reveal().length > PASSWORD.maxLength) {
    throw refusal('the password is too short or too long', 'from 8 to 128 characters');
  }
  if (!Number.isSafeInteger(floatXof) || floatXof <= 0) {
    throw refusal(`the float ${floatXof} is not a positive whole number of francs`, 'for example 1000000');
  }
}

function refusal(message: string, hint: string): OmpayError {
  return new OmpayError('usage', message, { hint });
}
