import { OmpayError } from '../../../core/errors.ts';
import { type Gtid, gtidText } from '../gtid-set.ts';

export const OF_BASE = { hint: 'ompay backup list', isOfBase: true };

/** Why a target is refused. `isOfBase`: from another base backup it may be reached. */
export class TargetRefusal extends OmpayError {
  readonly isOfBase: boolean;

  constructor(why: string, { hint, isOfBase }: { readonly hint: string; readonly isOfBase: boolean }) {
    super('notFound', `the target cannot be reached: ${why}`, { hint: `look what can be: ${hint}` });
    this.isOfBase = isOfBase;
  }
}

export function unreachable(why: string, of: { hint?: string; isOfBase?: boolean } = {}): TargetRefusal {
  return new TargetRefusal(why, { hint: 'ompay restore --to latest --plan', isOfBase: false, ...of });
}

export function ofTwoHistories(what: string): TargetRefusal {
  return unreachable(`${what}: they are of two histories`, OF_BASE);
}

export function notInOrder(gtid: Gtid): TargetRefusal {
  return unreachable(
    `the numbers of domain ${gtid.source} do not ascend at ${gtidText(gtid)}: set gtid_strict_mode=ON`,
    OF_BASE,
  );
}

export function tooFine(): OmpayError {
  return new OmpayError('usage', 'the log of MariaDB tells whole seconds: the time of --to has a fraction', {
    hint: 'name a whole second, of which everything will be in, or a GTID: ompay restore --to … --plan shows them',
  });
}

export function damaged(what: string): OmpayError {
  return new OmpayError('backupDamaged', what, {
    hint: 'use the log of another copy: ompay backup status',
  });
}
