import { EXIT_CODE_BY_ERROR, OmpayError } from '../../core/errors.ts';
import { checkInvariants } from '../ledger/invariants.ts';
import { checkInvariantsSince, isSound } from '../ledger/invariants-since.ts';
import type { OpsAnswer, OpsTools } from './tools.ts';

/**
 * The ledger's invariants and the head of its chain; of all of it, or with a place in the chain (`prove 1200`) of what was
 * posted after it. Exit 3 when they do not hold.
 */
export async function prove({ database, words }: OpsTools): Promise<OpsAnswer> {
  const [since] = words;
  const invariants =
    since === undefined
      ? await checkInvariants(database)
      : await checkInvariantsSince(database, placeIn(since));
  const head = await database.kysely
    .selectFrom('ledger_head')
    .select(['chain_seq', 'chain_hash'])
    .executeTakeFirstOrThrow();
  const sound = isSound(invariants);
  return {
    said: { sound, head: { seq: head.chain_seq, hash: head.chain_hash }, invariants },
    exitCode: sound ? 0 : EXIT_CODE_BY_ERROR.checkBlocked,
  };
}

function placeIn(word: string): number {
  if (/^\d{1,15}$/.test(word)) return Number(word);
  throw new OmpayError('usage', `${JSON.stringify(word)} is no place in the chain`, {
    hint: 'ops.mjs prove 1200',
  });
}
