import type { Command } from 'commander';
import { OmpayError } from '../core/errors.ts';
import { figuresOf, phase, rollback } from '../deploy/deploy.ts';
import {
  idleSlot,
  KEEP_RELEASES,
  lockPlan,
  OBSERVE_MS,
  preparePlan,
  switchPlan,
  unlockPlan,
  warmRollbackPlan,
} from '../deploy/plan.ts';
import { findRelease } from '../deploy/releases.ts';
import type { LocalFacts, Release } from '../deploy/types.ts';
import { hasOption, type Invocation } from './command.ts';
import { localKit } from './kit/local.ts';
import { printPlans } from './kit/plans.ts';
import { runOperation } from './operation.ts';

export function configure(command: Command): void {
  command
    .argument('[release]', 'its id or the beginning of it (default: the one in the other slot)')
    .option('--plan', 'print exactly what would run, and run nothing');
}

export async function run(invocation: Invocation): Promise<number> {
  const kit = localKit(invocation);
  const before = await kit.deployKit.facts();
  const target = targetOf(before, invocation.args[0]);
  const choices = { port: before.port ?? 8080, observeMs: OBSERVE_MS, keep: KEEP_RELEASES };
  if (hasOption(invocation.command, 'plan')) {
    const warm = before.slots[idleSlot(before)].release === target.id;
    const plans = warm
      ? [warmRollbackPlan(before, target, invocation.layout)]
      : [preparePlan(before, target, invocation.layout), switchPlan(before, target, choices)];
    printPlans(invocation.output, [lockPlan(), ...plans, unlockPlan()]);
    return 0;
  }
  return runOperation(
    invocation,
    {
      command: 'rollback',
      title: `Roll back to ${target.id}`,
      input: { release: target.id },
      handlers: kit.handlers,
    },
    async (operation) => {
      await phase(operation, lockPlan());
      const result = await rollback({ ...operation, ...kit.deployKit }, target, choices);
      await phase(operation, unlockPlan());
      const data = { release: target.id, previous: result.previous, ...figuresOf(result.outputs) };
      if (!result.changed)
        return { exitCode: 0, summary: `release ${target.id} is live already; nothing to do`, data };
      return {
        exitCode: 0,
        summary: `release ${target.id} serves again (before: ${result.previous ?? 'none'})`,
        data,
      };
    },
  );
}

/** The release named, or the one that the other slot holds. */
function targetOf(facts: LocalFacts, wanted: string | undefined): Release {
  if (facts.live === null) {
    throw new OmpayError('notFound', 'nothing is live here, so there is nothing to roll back from', {
      hint: 'ompay deploy',
    });
  }
  if (wanted !== undefined) return findRelease(facts.releases, wanted);
  const other = facts.slots[idleSlot(facts)].release;
  const release = facts.releases.find((each) => each.id === other);
  if (release !== undefined) return release;
  throw new OmpayError('notFound', 'the other slot holds no release to go back to', {
    hint: 'choose one that is kept: ompay releases, then ompay rollback RELEASE',
  });
}
