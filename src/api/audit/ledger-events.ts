import type { HoldRow, TransferStatus } from '../db/schema.ts';
import type { BatchPlan } from '../ledger/plan.ts';
import type { LedgerRequest } from '../ledger/requests.ts';
import type { PostResult } from '../ledger/types.ts';
import type { AuditAction, AuditDetail, AuditEvent } from './event.ts';

/**
 * What a batch of the ledger has to tell beside its transfers, whose own chain is their audit: refusals, operations
 * opened and settled, and who undid a transfer. Most batches have nothing to tell, and write nothing here.
 */
export function ledgerEvents(plan: BatchPlan<LedgerRequest>): readonly AuditEvent[] {
  return [
    ...plan.newHolds.map(opened),
    ...[...plan.newHolds, ...plan.changedHolds].flatMap(settled),
    ...plan.reversals.map(
      ({ transfer_id, reverses_id, reversed_by }): AuditEvent => ({
        action: 'transfer.reversed',
        staff: reversed_by,
        subjectId: transfer_id,
        detail: { reverses: reverses_id },
      }),
    ),
    ...plan.decided.flatMap(({ request, result }) => refused(request, result)),
  ];
}

function opened(hold: HoldRow): AuditEvent {
  return { action: 'hold.opened', subjectId: hold.id, detail: openedDetail(hold) };
}

/** What a hold was when it was opened, as the trail keeps it. */
export function openedDetail({ account_id, type, amount, fee, held, reference }: HoldRow): AuditDetail {
  return { account: account_id, type, amount, fee, held, reference };
}

/** What an operation became, by the status of its row. */
export const SETTLED_ACTIONS: Readonly<Record<TransferStatus, AuditAction | undefined>> = {
  en_attente: undefined,
  reussi: 'hold.posted',
  annule: 'hold.voided',
  echoue: 'hold.expired',
};

function settled({ id, status, transfer_id }: HoldRow): readonly AuditEvent[] {
  const action = SETTLED_ACTIONS[status];
  if (action === undefined) return [];
  return [{ action, subjectId: id, detail: transfer_id === null ? {} : { transfer: transfer_id } }];
}

/** Repeats and the house's own sweeps tell nothing new. */
function refused(request: LedgerRequest, result: PostResult): readonly AuditEvent[] {
  if (result.kind !== 'done' || result.outcome.kind !== 'refused' || request.operation === 'expire')
    return [];
  const { reason } = result.outcome.refusal;
  const amount = 'amountXof' in request ? { amount: request.amountXof } : {};
  return [
    {
      action: 'money.refused',
      actorId: 'initiatorId' in request ? request.initiatorId : null,
      staff: request.operation === 'reverse' ? request.by : undefined,
      subjectId: subjectOf(request),
      detail: { operation: operationOf(request), reason, ...amount },
    },
  ];
}

function operationOf(request: LedgerRequest): string {
  return request.operation ?? request.type;
}

/** Whose money was not moved; of an undoing, the transfer that stays as it is. */
function subjectOf(request: LedgerRequest): string {
  switch (request.operation) {
    case undefined:
      return request.debitAccountId;
    case 'reverse':
      return request.original.id;
    default:
      return request.accountId;
  }
}
