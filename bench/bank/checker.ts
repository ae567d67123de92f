import type { Answer, History, Operation, Snapshot } from './history.ts';

export type Rule =
  | 'lost'
  | 'doubled'
  | 'changed'
  | 'negative'
  | 'total'
  | 'torn'
  | 'bytes'
  | 'unresolved'
  | 'balance'
  | 'hold'
  | 'unexpected';

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

/**
 * What a right bank never shows. Pure. Knows nothing of how the ledger works: it adds up what clients were told and
 * compares with what is there.
 */
export function checkHistory(history: History): readonly Violation[] {
  return [
    ...history.operations.flatMap(checkAnswers),
    ...checkTransfers(history),
    ...checkHolds(history),
    ...checkBalances(history),
    ...history.snapshots.flatMap((snapshot) => checkSnapshot(snapshot, history.circulatingXof)),
  ];
}

/** The statuses with which OMPAY refuses a movement of money for good. */
const REFUSALS = [400, 403, 404, 409, 422];
/** No client of these uses a key twice. */
const KEY_REUSED = 'cle_idempotence_reutilisee';

function checkAnswers({ key, kind, answers }: Operation): readonly Violation[] {
  const [first, ...others] = answers;
  if (first === undefined) return [violation('unresolved', `${kind} ${key} has no answer`)];
  const different = others.filter(({ status, body }) => status !== first.status || body !== first.body);
  const refused = REFUSALS.includes(first.status) && !first.body.includes(KEY_REUSED);
  const strange = first.status !== 200 && !refused;
  return [
    ...different.map(({ status, body }) =>
      violation('bytes', `${kind} ${key} was told ${first.status} ${first.body}, then ${status} ${body}`),
    ),
    ...(strange ? [violation('unexpected', `${kind} ${key} was told ${first.status} ${first.body}`)] : []),
  ];
}

interface Done
  extends Pick<Operation, 'kind' | 'key' | 'debitAccountId' | 'creditAccountId' | 'amountXof' | 'of'> {
  readonly answer: Answer;
  readonly reference: string;
}

/** The operations that were acknowledged, by what their first answer says. */
function doneOf({ operations }: History): readonly Done[] {
  return operations.flatMap((operation) => {
    const [answer] = operation.answers;
    if (answer === undefined || answer.status !== 200) return [];
    return [{ ...operation, answer, reference: answer.reference ?? 'none' }];
  });
}

function movesMoney({ kind }: Done): boolean {
  return kind !== 'open' && kind !== 'cancel';
}

/** Each acknowledged movement is one transfer, as it was asked for, and there is no transfer that nobody was told of. */
function checkTransfers(history: History): readonly Violation[] {
  const moved = doneOf(history).filter(movesMoney);
  const told = Map.groupBy(moved, ({ reference }) => reference);
  const kept = Map.groupBy(history.transfers, ({ reference }) => reference);
  const shared = [...told].filter(([, operations]) => operations.length > 1);
  return [
    ...moved.flatMap((operation) => {
      const [transfer] = kept.get(operation.reference) ?? [];
      if (transfer === undefined) return [violation('lost', `${shown(operation)} is not in the ledger`)];
      const same =
        transfer.amountXof === operation.amountXof &&
        transfer.feeXof === operation.answer.feeXof &&
        transfer.debitAccountId === operation.debitAccountId &&
        transfer.creditAccountId === operation.creditAccountId;
      return same ? [] : [violation('changed', `${shown(operation)} is ${JSON.stringify(transfer)}`)];
    }),
    ...shared.map(([reference, operations]) =>
      violation('lost', `${operations.map(({ key }) => key).join(' and ')} were told the same ${reference}`),
    ),
    ...[...kept].flatMap(([reference, transfers]) => {
      if (transfers.length > 1)
        return [violation('doubled', `${reference} is there ${transfers.length} times`)];
      return told.has(reference)
        ? []
        : [violation('doubled', `nobody was told of ${JSON.stringify(transfers[0])}`)];
    }),
  ];
}

/** Each opened operation is there once, and ended as its confirmation or cancellation was told to end. */
function checkHolds(history: History): readonly Violation[] {
  const done = doneOf(history);
  const opened = new Map(done.filter(({ kind }) => kind === 'open').map((open) => [open.reference, open]));
  const kept = Map.groupBy(history.holds, ({ reference }) => reference);
  const endings = (kind: 'confirm' | 'cancel', of: string): number =>
    done.filter((operation) => operation.kind === kind && operation.of === of).length;
  return [
    ...[...opened.values()]
      .filter(({ reference }) => !kept.has(reference))
      .map((open) => violation('lost', `${shown(open)} is not in the ledger`)),
    ...[...kept].flatMap(([reference, [hold, ...others]]) => {
      if (others.length > 0 || !opened.has(reference))
        return [violation('doubled', `nobody was told of the operation ${reference}`)];
      const [confirmed, cancelled] = [endings('confirm', reference), endings('cancel', reference)];
      const expected = confirmed > 0 ? 'reussi' : cancelled > 0 ? 'annule' : 'en_attente';
      if (confirmed + cancelled <= 1 && hold?.status === expected) return [];
      return [
        violation(
          'hold',
          `${reference} is ${hold?.status}: told confirmed ${confirmed}, cancelled ${cancelled}`,
        ),
      ];
    }),
  ];
}

/** What each account had, plus what its holder was told, is what it has. */
function checkBalances(history: History): readonly Violation[] {
  const expected = new Map(history.before.map(({ accountId, balanceXof }) => [accountId, balanceXof]));
  const add = (accountId: string, amountXof: number): void => {
    expected.set(accountId, (expected.get(accountId) ?? 0) + amountXof);
  };
  for (const operation of doneOf(history).filter(movesMoney)) {
    add(operation.debitAccountId, -operation.amountXof - operation.answer.feeXof);
    add(operation.creditAccountId, operation.amountXof);
  }
  return history.after.flatMap(({ accountId, balanceXof, heldXof }) => {
    const reserved = history.holds
      .filter((hold) => hold.accountId === accountId && hold.status === 'en_attente')
      .reduce((sum, hold) => sum + hold.heldXof, 0);
    return [
      ...(balanceXof === expected.get(accountId)
        ? []
        : [violation('balance', `${accountId} has ${balanceXof}, was told ${expected.get(accountId)}`)]),
      ...(heldXof === reserved ? [] : [violation('hold', `${accountId} holds ${heldXof}, not ${reserved}`)]),
      ...(balanceXof - heldXof < 0
        ? [violation('negative', `${accountId} has ${balanceXof - heldXof}`)]
        : []),
    ];
  });
}

function checkSnapshot(snapshot: Snapshot, circulatingXof: number): readonly Violation[] {
  return [
    ...(snapshot.totalXof === 0 ? [] : [violation('total', `all accounts sum to ${snapshot.totalXof}`)]),
    ...(snapshot.circulatingXof === circulatingXof
      ? []
      : [violation('total', `${snapshot.circulatingXof} in circulation, not ${circulatingXof}`)]),
    ...(snapshot.leastXof < 0 ? [violation('negative', `an account has ${snapshot.leastXof}`)] : []),
    ...(snapshot.torn === 0
      ? []
      : [violation('torn', `${snapshot.torn} accounts differ from their entries`)]),
  ];
}

function shown({ kind, key, reference, amountXof }: Done): string {
  return `${kind} ${key}, ${amountXof} XOF, told ${reference},`;
}

function violation(rule: Rule, detail: string): Violation {
  return { rule, detail };
}
