import { LOCAL } from '../../config/yml/project.ts';
import { OmpayError } from '../../core/errors.ts';
import { ulid } from '../../core/ids.ts';
import { phase, settle } from '../../deploy/deploy.ts';
import type { HostName } from '../../host/host.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Invocation } from '../command.ts';
import { hasOption } from '../command.ts';
import { runOperation } from '../operation.ts';
import { environmentName } from './environment.ts';
import { fleetConfig } from './fleet.ts';
import { withFleet } from './fleet-hosts.ts';
import { maintenanceOn, maintenanceTidyPlan } from './maintenance.ts';
import { printPlans } from './plans.ts';

export interface MaintenanceChange {
  readonly command: 'maintenance on' | 'maintenance off';
  readonly plan: (names: readonly HostName[], run: string) => Plan;
  /** Of what a host answers now. */
  readonly isThere: (answer: string | null) => boolean;
  readonly done: string;
}

/** Throws `usage` for this machine. */
export function webHosts(invocation: Invocation): ReturnType<typeof fleetConfig> {
  if (environmentName(invocation) !== LOCAL) return fleetConfig(invocation);
  throw new OmpayError('usage', 'maintenance is for servers; this machine has no users to be told', {
    hint: 'name an environment: ompay maintenance status -e staging; here, stop the API: ompay down',
  });
}

/** Changes all web hosts or none, journalled. Nothing is done where all are as wanted. */
export async function changeMaintenance(invocation: Invocation, change: MaintenanceChange): Promise<number> {
  const { config, names } = webHosts(invocation);
  if (hasOption(invocation.command, 'plan')) {
    printPlans(invocation.output, [change.plan(names, 'RUN')]);
    return 0;
  }
  const { command } = change;
  const input = { environment: config.name, hosts: names };
  return withFleet(invocation, config, { names }, ({ hosts }) =>
    runOperation(
      invocation,
      { command, title: `${command} ${config.name}`, input, handlers: () => ({}) },
      async (operation) => {
        const context = { ...operation, hosts: { ...operation.hosts, ...hosts } };
        const all = names.flatMap((name) => hosts[name] ?? []);
        const seen = await Promise.all(all.map((host) => maintenanceOn(host, operation.signal)));
        const data = { hosts: names };
        if (seen.every(change.isThere))
          return {
            exitCode: 0,
            summary: `${change.done} on ${names.join(', ')} already; nothing to do`,
            data,
          };
        await phase(context, change.plan(names, ulid(invocation.clock.now()).toLowerCase()));
        // Former answers take a few hundred bytes: the next change removes what this one could not.
        await settle(context, [maintenanceTidyPlan(names)]).catch(() => {});
        return { exitCode: 0, summary: `${change.done} on ${names.join(', ')}`, data };
      },
    ),
  );
}
