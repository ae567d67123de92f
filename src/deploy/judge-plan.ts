import { call, type Plan, type Step } from '../plan/plan.ts';
import { onePlan, SECONDS, step } from './steps.ts';

/** What stands between a migration and the live database; each is done at once when nothing is missing. */
export function judgeSteps(): readonly Step[] {
  return [
    step('lint', 'the running release can bear what is missing', call('migrate.lint', {}, 20 * SECONDS)),
    step(
      'rehearse',
      'both releases keep their contracts on a migrated copy',
      call('migrate.rehearse', {}, 150 * SECONDS),
    ),
  ];
}

/** Waits for the backup that the missing steps are tried on. */
export function proveBackupStep(): Step {
  return step(
    'backup',
    'the backup starts, and its ledger is proven',
    call('backup.prove', {}, 180 * SECONDS),
  );
}

/** After the missing steps were applied: the release that users have must still be well. Skipped when none was. */
export function liveSmokeStep(): Step {
  return step(
    'live',
    'the live release moves money on the migrated schema',
    call('smoke.live', {}, 60 * SECONDS),
  );
}

/** `migrate rehearse`: the same on a backup of this moment, and without applying anything. */
export function judgePlan(): Plan {
  return onePlan('judge', 'Judge the migrations', [proveBackupStep(), ...judgeSteps()]);
}
