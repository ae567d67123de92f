import type { Command } from 'commander';
import { LOCAL } from '../config/yml/project.ts';
import { OmpayError } from '../core/errors.ts';
import { figuresOf, liveRelease, phase, rollback, rollbackPlansOf, settle } from '../deploy/deploy.ts';
import { DEFAULT_BAKE_MS } from '../deploy/observation/rule.ts';
import { type DeployChoices, KEEP_RELEASES } from '../deploy/plan.ts';
import { findRelease } from '../deploy/releases.ts';
import { lockPlan, unlockPlan } from '../deploy/service-plans.ts';
import type { LocalFacts, Release } from '../deploy/types.ts';
import { journalFiles } from '../plan/journal.ts';
import { type UnfinishedRun, unfinishedRun } from '../plan/unfinished-run.ts';
import { hasOption, type Invocation } from './command.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { rollbackFleet } from './kit/fleet-deploy.ts';
import { hooked, hooksOf, plansBefore } from './kit/hooks.ts';
import { localKit } from './kit/local.ts';
import { printPlans } from './kit/plans.ts';
import { reportAfterwards } from './kit/report.ts';
import { runOperation } from './operation.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .argument('[release]', 'its id or the beginning of it (default: the one that was live before)')
    .option('--plan', 'print exactly what would run, and run nothing');
}

export async function run(invocation: Invocation): Promise<number> {
  if (environmentName(invocation) !== LOCAL) return rollbackFleet(invocation);
  const kit = localKit(invocation);
  const hooks = hooksOf(invocation, 'rollback', LOCAL);
  const before = await kit.deployKit.facts();
  const unfinished = unfinishedRun(journalFiles(invocation.layout), ['deploy', 'rollback']);
  const target = targetOf(before, invocation.args[0], unfinished);
  const choices: DeployChoices = {
    purpose: 'rollback',
    port: before.port ?? 8080,
    bakeMs: DEFAULT_BAKE_MS,
    keep: KEEP_RELEASES,
    hooks: hooks.present,
  };
  if (hasOption(invocation.command, 'plan')) {
    printPlans(invocation.output, [
      lockPlan(),
      ...plansBefore(hooks),
      ...rollbackPlansOf(before, target, choices, invocation.layout),
      unlockPlan(),
    ]);
    const cost = before.databaseRuns ? await costOf(invocation, target) : '';
    if (cost !== '') process.stderr.write(`${cost.replace(/^; /, '! ')}\n`);
    return 0;
  }
  return runOperation(
    invocation,
    {
      command: 'rollback',
      title: `Roll back to ${target.id}`,
      input: { release: target.id },
      handlers: (operation) => ({ ...kit.handlers(operation), ...hooks.handlers(operation) }),
      afterwards: reportAfterwards(invocation),
    },
    async (operation) => {
      await phase(operation, lockPlan());
      return hooked(operation, hooks, { release: target.id }, async () => {
        const result = await rollback({ ...operation, ...kit.deployKit }, target, choices);
        await settle(operation, [unlockPlan()]);
        const data = { release: target.id, previous: result.previous, ...figuresOf(result.outputs) };
        if (!result.changed)
          return { exitCode: 0, summary: `release ${target.id} is live already; nothing to do`, data };
        // After the switch: whoever goes back is in a hurry.
        const cost = await costOf(invocation, target);
        return {
          exitCode: 0,
          summary: `release ${target.id} serves again (before: ${result.previous ?? 'none'})${cost}`,
          data,
        };
      });
    },
  );
}

async function costOf(invocation: Invocation, target: Release): Promise<string> {
  // It stands on the drivers of all databases: those who go back are served first.
  const { rollbackCost } = await import('./kit/rollback-cost.ts');
  return rollbackCost(invocation, target);
}

/**
 * The release named; else the one that a killed rollback was going to, so that typing it again finishes it; else the one
 * that was live before this one.
 */
function targetOf(
  facts: LocalFacts,
  wanted: string | undefined,
  unfinished: UnfinishedRun | undefined,
): Release {
  if (facts.live === null) {
    throw new OmpayError('notFound', 'nothing is live here, so there is nothing to roll back from', {
      hint: 'ompay deploy',
    });
  }
  if (wanted !== undefined) return findRelease(facts.releases, wanted);
  const begun = unfinished?.command === 'rollback' ? unfinished.input.release : undefined;
  const going = facts.releases.find((each) => each.id === begun);
  if (going !== undefined) return going;
  const live = liveRelease(facts);
  const before = facts.accepted.find((id) => id !== live && facts.releases.some((each) => each.id === id));
  const release = facts.releases.find((each) => each.id === before);
  if (release !== undefined) return release;
  throw new OmpayError('notFound', 'no release that was live before is kept here', {
    hint: 'choose one that is kept: ompay releases, then ompay rollback RELEASE',
  });
}
