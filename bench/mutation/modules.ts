/** A part of the product whose code is changed on purpose, and the tests that must notice. Paths from the root. */
export interface MutatedModule {
  readonly name: string;
  readonly sources: readonly string[];
  readonly tests: readonly string[];
  /** Its tests share one PGlite server, which is started once a run. */
  readonly usesDatabase: boolean;
}

/** Chosen by the environment, as Stryker starts the processes that read `bench/mutation/vitest.config.ts`. */
export const MODULE_VARIABLE = 'OMPAY_MUTATED_MODULE';

const LEDGER = 'src/api/ledger';
const LEDGER_TESTS = 'tests/api/ledger';
/** What is decided without a database. */
const DECISIONS = 'transfer-decisions,reversal-decisions,hold-opening,hold-confirming,hold-ending';

export const MODULES: readonly MutatedModule[] = [
  {
    name: 'limits',
    sources: [`${LEDGER}/{limits,usage,fees,periods}.ts`],
    tests: [`${LEDGER_TESTS}/{limits,fees,periods,${DECISIONS}}.test.ts`],
    usesDatabase: false,
  },
  {
    name: 'ledger decisions',
    sources: [`${LEDGER}/{apply,decide,decide-reversal,move,draft,plan,chain,reference}.ts`],
    tests: [`${LEDGER_TESTS}/{apply,chain,reference,${DECISIONS}}.test.ts`],
    usesDatabase: false,
  },
  {
    name: 'holds',
    sources: [`${LEDGER}/{decide-hold,hold}.ts`],
    tests: [`${LEDGER_TESTS}/{${DECISIONS}}.test.ts`],
    usesDatabase: false,
  },
  {
    name: 'ledger in the database',
    sources: [`${LEDGER}/{batch,batch-holds,read-usage,commit,ledger,rules}.ts`],
    tests: [
      `${LEDGER_TESTS}/{contract,ledger,lost-commit,commit-errors,settled-holds,collision,rules}.test.ts`,
    ],
    usesDatabase: true,
  },
  {
    name: 'ledger proofs',
    sources: [`${LEDGER}/{invariants,invariants-since,count,verify-chain}.ts`],
    tests: [`${LEDGER_TESTS}/{invariants,invariants-since,verify-chain}.test.ts`],
    usesDatabase: true,
  },
  {
    name: 'lock',
    sources: ['src/plan/lock.ts'],
    tests: ['tests/plan/{lock,lock-file,lock-holding}.test.ts'],
    usesDatabase: false,
  },
  {
    name: 'journal',
    sources: ['src/plan/{journal,journal-key,verify}.ts'],
    tests: ['tests/plan/{journal,journal-file,journal-key,verify,verify-reasons}.test.ts'],
    usesDatabase: false,
  },
  {
    name: 'checklist verdicts',
    sources: ['src/check/{verdict,statements}.ts'],
    tests: ['tests/check/{verdict,statements,blocking,stating}.test.ts'],
    usesDatabase: false,
  },
];

export function moduleNamed(name: string | undefined): MutatedModule {
  const found = MODULES.find((module) => module.name === name);
  if (found !== undefined) return found;
  throw new Error(`no module is named ${name}: there are ${MODULES.map((each) => each.name).join(', ')}`);
}
