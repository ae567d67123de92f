import type { Command } from 'commander';
import { phase } from '../deploy/deploy.ts';
import { shipHandlers } from '../deploy/ship/handlers.ts';
import { upgradePlan } from '../deploy/ship/plan.ts';
import { hasOption, type Invocation } from './command.ts';
import { environmentOption } from './kit/environment.ts';
import { fleetConfig, shippableOf } from './kit/fleet.ts';
import { withFleet } from './kit/fleet-hosts.ts';
import { printPlans } from './kit/plans.ts';
import { type OperationResult, runOperation } from './operation.ts';

export function configure(command: Command): void {
  environmentOption(command).option('--plan', 'print exactly what would run, and run nothing');
}

/**
 * What ompay keeps on web hosts (its agent and the Node that runs it) becomes this checkout's. Releases keep the Node that
 * they were built with. A deploy does the same on its way; this does it without one.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { config, names } = fleetConfig(invocation);
  const shippable = shippableOf(invocation);
  const { layout, command } = invocation;
  if (hasOption(command, 'plan')) {
    printPlans(invocation.output, [upgradePlan(names, await shippable())]);
    return 0;
  }
  return withFleet(invocation, config, { names }, async (fleet) =>
    runOperation(
      invocation,
      {
        command: 'self-upgrade',
        title: `Upgrade what is kept on the hosts of ${config.name}`,
        input: { environment: config.name },
        handlers: () => shipHandlers({ layout, shippable, environment: config.name }),
      },
      async (operation): Promise<OperationResult> => {
        const hosts = { ...operation.hosts, ...fleet.hosts };
        const { agent } = await shippable();
        await phase({ ...operation, hosts }, upgradePlan(names, await shippable()));
        const summary = `agent ${agent.id} is in use on ${names.join(', ')}`;
        return { exitCode: 0, summary, data: { agent: agent.id, hosts: [...names] } };
      },
    ),
  );
}
