import type { Command } from 'commander';
import type { Invocation } from '../command.ts';
import { environmentOption } from '../kit/environment.ts';
import { maintenanceOffPlan } from '../kit/maintenance.ts';
import { changeMaintenance } from '../kit/maintenance-run.ts';

export function configure(command: Command): void {
  environmentOption(command).option('--plan', 'print exactly what would run, and run nothing');
}

/** All web hosts serve again, or all stay in maintenance. */
export async function run(invocation: Invocation): Promise<number> {
  return changeMaintenance(invocation, {
    command: 'maintenance off',
    plan: maintenanceOffPlan,
    isThere: (answer) => answer === null,
    done: 'the API serves',
  });
}
