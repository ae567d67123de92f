import type { ProbeAccounts } from '../smoke-requests.ts';

/** What only the API's own code can tell of an installation; src/cli/kit composes it. */
export interface Witness {
  /** The newest transfer of the ledger's chain. */
  ledgerPosition(): Promise<number>;
  /** Is open for the time of `work`; invariants are then asked of what was posted after `position` (null: from now on). */
  during<T>(position: number | null, work: (witness: OpenWitness) => Promise<T>): Promise<T>;
}

export interface OpenWitness {
  /** What is broken in the ledger since the position, or null. Milliseconds. Throws when it could not look. */
  invariants(): Promise<string | null>;
  probeAccounts(): Promise<ProbeAccounts>;
}
