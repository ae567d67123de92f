import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { phase, settle } from '../../deploy/deploy.ts';
import { judgePlan } from '../../deploy/judge-plan.ts';
import { backupPlan, buildPlan } from '../../deploy/plan.ts';
import { lockPlan, unlockPlan } from '../../deploy/service-plans.ts';
import type { LocalFacts } from '../../deploy/types.ts';
import type { Invocation } from '../command.ts';
import { localKit } from '../kit/local.ts';
import { runOperation } from '../operation.ts';

export function configure(_command: Command): void {}

/** What a deploy would do with the missing migrations before it applies them, on a backup of this moment. */
export async function run(invocation: Invocation): Promise<number> {
  const kit = localKit(invocation);
  const { facts } = kit.deployKit;
  refuseWithoutDatabase(await facts());
  return runOperation(
    invocation,
    {
      command: 'migrate rehearse',
      title: 'Rehearse the migrations',
      input: {},
      handlers: kit.handlers,
    },
    async (operation) => {
      await phase(operation, lockPlan());
      await phase(operation, backupPlan(await facts()));
      await phase(operation, buildPlan());
      const { rehearse } = await phase(operation, judgePlan());
      await settle(operation, [unlockPlan()]);
      return { exitCode: 0, summary: String(rehearse?.shown), data: {} };
    },
  );
}

/** Before anything is begun: there must be data to try them on, and a database that tells what is missing. */
function refuseWithoutDatabase({ hasData, databaseRuns }: LocalFacts): void {
  if (!hasData) {
    throw new OmpayError('notFound', 'nothing was deployed here yet, so there is no data to rehearse on', {
      hint: 'ompay deploy',
    });
  }
  if (!databaseRuns) {
    throw new OmpayError(
      'databaseUnavailable',
      'the database does not run, so what is missing is not known',
      {
        hint: 'ompay up',
      },
    );
  }
}
