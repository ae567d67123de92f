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

export const MODULES: readonly MutatedModule[] = [
  {
    name: 'limits',
    sources: [`${LEDGER}/{limits,fees,periods}.ts`],
    tests: ['tests/api/ledger/{limits,limit-kinds,fees,periods}.test.ts'],
    usesDatabase: false,
  },
  {
    name: 'ledger decisions',
    sources: [`${LEDGER}/{apply,draft,plan,chain,reference}.ts`],
    tests: ['tests/api/ledger/{apply,decisions,chain,reference}.test.ts'],
    usesDatabase: false,
  },
  {
    name: 'ledger in the database',
    sources: [`${LEDGER}/{batch,commit,ledger,rules,invariants,verify-chain,history}.ts`],
    tests: [
      'tests/api/ledger/{contract,ledger,invariants,verify-chain,lost-commit,collision,rules,history}.test.ts',
    ],
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
];

export function moduleNamed(name: string | undefined): MutatedModule {
  const found = MODULES.find((module) => module.name === name);
  if (found !== undefined) return found;
  throw new Error(`no module is named ${name}: there are ${MODULES.map((each) => each.name).join(', ')}`);
}
