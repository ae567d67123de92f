import { call, type Plan, type Step } from '../plan/plan.ts';

const SECONDS = 1000;

/** What stands between a migration and the live database; each is done at once when nothing is missing. */
export function judgeSteps(): readonly Step[] {
  return [
    {
      id: 'lint',
      title: 'the running release can bear what is missing',
      on: 'local',
      action: call('migrate.lint', {}, 20 * SECONDS),
    },
    {
      id: 'rehearse',
      title: 'both releases keep their contracts on a migrated copy',
      on: 'local',
      action: call('migrate.rehearse', {}, 90 * SECONDS),
    },
  ];
}

/** After the missing steps were applied: the release that users have must still be well. Skipped when none was. */
export function liveSmokeStep(): Step {
  return {
    id: 'live',
    title: 'the live release moves money on the migrated schema',
    on: 'local',
    action: call('smoke.live', {}, 60 * SECONDS),
  };
}

/** `migrate rehearse`: the same on a backup of this moment, and without applying anything. */
export function judgePlan(): Plan {
  const title = 'Judge the migrations';
  const prove: Step = {
    id: 'backup',
    title: 'the backup starts, and its ledger is proven',
    on: 'local',
    action: call('backup.prove', {}, 180 * SECONDS),
  };
  return { name: 'judge', title, stages: [{ title, steps: [prove, ...judgeSteps()] }] };
}
