import type { Clock } from '../../core/clock.ts';
import type { Database } from '../db/open.ts';
import type { TransferType } from '../db/schema.ts';
import type { LimitRules } from './limits.ts';

export interface Rules {
  readonly limits: LimitRules;
  /** Parts per million; throws for a type without a row, which must not mean "free". */
  readonly ratePpm: (type: TransferType) => number;
}

/** A change of the rules' tables is in force everywhere after this long. */
const LONGEST_USE_MS = 1_000;

/** Reads the rules again when they are older than a second, instead of twice in every batch. */
export function createRuleBook(db: Database, clock: Clock): () => Promise<Rules> {
  let rules: Rules | undefined;
  let readAtMs = 0;
  return async () => {
    if (rules === undefined || clock.monotonicMs() - readAtMs > LONGEST_USE_MS) {
      rules = await readRules(db);
      readAtMs = clock.monotonicMs();
    }
    return rules;
  };
}

async function readRules({ kysely }: Database): Promise<Rules> {
  const limits = await kysely.selectFrom('limit_rules').selectAll().execute();
  const fees = await kysely.selectFrom('fee_rules').selectAll().execute();
  const rates = new Map(fees.map(({ type, rate_ppm }) => [type, rate_ppm]));
  return {
    limits: new Map(limits.map((rule) => [rule.kyc_level, rule])),
    ratePpm: (type) => {
      const rate = rates.get(type);
      if (rate === undefined) throw new Error(`transfers of type ${type} have no fee rule`);
      return rate;
    },
  };
}
