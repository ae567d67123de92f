import type { Command } from 'commander';
import { OmpayError } from '../core/errors.ts';
import { phase } from '../deploy/deploy.ts';
import { lockPlan, portPlan, servicesPlan, unlockPlan, upPlan } from '../deploy/service-plans.ts';
import type { Invocation } from './command.ts';
import { localKit } from './kit/local.ts';
import { runOperation } from './operation.ts';

export function configure(_command: Command): void {}

/** Starts again what was deployed before: after a reboot, or after `ompay down`. */
export async function run(invocation: Invocation): Promise<number> {
  const kit = localKit(invocation);
  const before = await kit.deployKit.facts();
  if (!before.hasData || before.live === null) {
    throw new OmpayError('notFound', `nothing was deployed under ${invocation.layout.state}`, {
      hint: 'ompay deploy',
    });
  }
  return runOperation(
    invocation,
    { command: 'up', title: 'Up', input: {}, handlers: kit.handlers },
    async (operation) => {
      await phase(operation, lockPlan());
      // Nothing runs: newer programs may take the place of those that were stopped.
      const anew = !before.supervisorRuns;
      if (anew) await phase(operation, portPlan(before));
      await phase(operation, servicesPlan(anew));
      const facts = await kit.deployKit.facts();
      await phase(operation, upPlan(facts, invocation.layout, anew));
      await phase(operation, unlockPlan());
      const url = `http://127.0.0.1:${facts.port ?? 8080}`;
      return { exitCode: 0, summary: `serving on ${url}`, data: { url } };
    },
  );
}
