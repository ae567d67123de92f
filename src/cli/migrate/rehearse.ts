import type { Command } from 'commander';
import { phase, settle } from '../../deploy/deploy.ts';
import { installPlatform } from '../../deploy/handlers/platform.ts';
import { judgePlan } from '../../deploy/judge-plan.ts';
import { backupPlan, buildPlan } from '../../deploy/plan.ts';
import { lockPlan, unlockPlan } from '../../deploy/service-plans.ts';
import type { Invocation } from '../command.ts';
import { localKit } from '../kit/local.ts';
import { migrationHandlers } from '../kit/migrations.ts';
import { runOperation } from '../operation.ts';

export function configure(_command: Command): void {}

/** What a deploy would do with the missing migrations before it applies them, on a backup of this moment. */
export function run(invocation: Invocation): Promise<number> {
  const kit = localKit(invocation);
  const { facts, candidate } = kit.deployKit;
  const platform = () => installPlatform(invocation.layout, invocation.programRoot);
  return runOperation(
    invocation,
    {
      command: 'migrate rehearse',
      title: 'Rehearse the migrations',
      input: {},
      handlers: (operation) => ({
        ...kit.handlers(operation),
        ...migrationHandlers({ invocation, run: operation.run, facts, candidate, platform }),
      }),
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
