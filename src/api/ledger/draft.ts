import type {
  DescriptionSealRow,
  EntryRow,
  HoldRow,
  IdempotencyKeyRow,
  ReversalRow,
  TransferClaimRow,
  TransferRow,
  UsageCounterRow,
} from '../db/schema.ts';
import type { AccountState } from './limits.ts';
import type { BatchPlan, BatchState, Head } from './plan.ts';
import type { OutgoingMessage } from './types.ts';
import { counterName, usageRows } from './usage.ts';

export interface AccountDraft {
  readonly before: AccountState;
  now: AccountState;
}

export interface HoldDraft {
  /** Undefined when this batch opened it. */
  readonly before: HoldRow | undefined;
  now: HoldRow;
}

/** What a batch decided so far: each request sees what the earlier ones did. */
export interface Draft {
  head: Head;
  readonly accounts: ReadonlyMap<string, AccountDraft>;
  readonly transfers: TransferRow[];
  readonly entries: EntryRow[];
  readonly seals: DescriptionSealRow[];
  readonly keys: IdempotencyKeyRow[];
  /** Used up before this batch, and by it. */
  readonly taken: Set<string>;
  readonly claims: TransferClaimRow[];
  readonly messages: OutgoingMessage[];
  /** By id, the oldest first. */
  readonly holds: Map<string, HoldDraft>;
  /** By counterName. */
  readonly pastUsage: Map<string, { readonly before: UsageCounterRow; now: UsageCounterRow }>;
  /** What was known before, and what this batch adds. */
  readonly knownReversals: ReversalRow[];
  readonly reversals: ReversalRow[];
}

export function draftOf(state: BatchState): Draft {
  const both = <T>(row: T): { readonly before: T; now: T } => ({ before: row, now: row });
  return {
    head: state.head,
    accounts: new Map([...state.accounts].map(([id, before]) => [id, both(before)])),
    transfers: [],
    entries: [],
    seals: [],
    keys: [],
    taken: new Set(state.claims),
    claims: [],
    messages: [],
    holds: new Map(state.holds.map((row) => [row.id, both(row)])),
    pastUsage: new Map(
      state.pastUsage.map((row) => [counterName(row.account_id, row.period, row.direction), both(row)]),
    ),
    knownReversals: [...state.reversals],
    reversals: [],
  };
}

/** What the draft has to write. */
export function writesOf(draft: Draft, nowMs: number): Omit<BatchPlan<unknown>, 'decided'> {
  const { head, transfers, entries, seals, keys, claims, messages, reversals } = draft;
  const accounts = [...draft.accounts.values()];
  const holds = [...draft.holds.values()];
  const past = [...draft.pastUsage.values()].filter(({ before, now }) => now !== before);
  const held = (changed: (beforeXof: number, nowXof: number) => boolean): ReadonlyMap<string, number> =>
    new Map(
      accounts
        .filter(({ before, now }) => changed(before.heldXof, now.heldXof))
        .map(({ now }) => [now.id, now.heldXof]),
    );
  return {
    head,
    transfers,
    entries,
    seals,
    keys,
    claims,
    messages,
    reversals,
    usage: [...accounts.flatMap((account) => usageRows(account, nowMs)), ...past.map(({ now }) => now)],
    newHolds: holds.filter(({ before }) => before === undefined).map(({ now }) => now),
    changedHolds: holds
      .filter(({ before, now }) => before !== undefined && before !== now)
      .map(({ now }) => now),
    balances: new Map(
      accounts
        .filter(({ before, now }) => now.balanceXof !== before.balanceXof)
        .map(({ now }) => [now.id, now.balanceXof]),
    ),
    lowered: held((beforeXof, nowXof) => nowXof < beforeXof),
    raised: held((beforeXof, nowXof) => nowXof > beforeXof),
  };
}
