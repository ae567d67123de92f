import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { withWork } from '../backup/work.ts';
import { OmpayError } from '../core/errors.ts';
import { livingOwner } from '../core/ownership.ts';
import { phase } from '../deploy/deploy.ts';
import { downPlan, lockPlan, unlockPlan } from '../deploy/service-plans.ts';
import { call, type Plan, type Step } from '../plan/plan.ts';
import type { Invocation } from './command.ts';
import { localBackupDeps } from './kit/backup.ts';
import { localKit } from './kit/local.ts';
import { runOperation } from './operation.ts';

export function configure(_command: Command): void {}

/** Stops front, slots, database and supervisor; what is on disk stays. Nothing running is no error. */
export async function run(invocation: Invocation): Promise<number> {
  const kit = localKit(invocation);
  const { supervisorRuns } = await kit.deployKit.facts();
  if (!supervisorRuns && !anythingRuns(invocation.layout.run)) {
    await endLeftProofs(invocation, 'down');
    invocation.output.write(
      invocation.output.json
        ? `${JSON.stringify({ type: 'run-done', exitCode: 0, summary: 'nothing runs' })}\n`
        : 'nothing runs here\n',
    );
    return 0;
  }
  return runOperation(
    invocation,
    { command: 'down', title: 'Down', input: {}, handlers: kit.handlers },
    async (operation) => {
      await phase(operation, lockPlan());
      if (!supervisorRuns) await phase(operation, adoptPlan());
      await phase(operation, downPlan());
      await endLeftProofs(invocation, operation.run);
      await phase(operation, unlockPlan());
      return { exitCode: 0, summary: 'stopped; the data stays, and `ompay up` brings it back', data: {} };
    },
  );
}

/** Whether a pid file names a living process, also when no supervisor answers for it. */
function anythingRuns(runFolder: string): boolean {
  if (!existsSync(runFolder)) return false;
  return readdirSync(runFolder).some(
    (name) => name.endsWith('.pid') && livingOwner(join(runFolder, name)) !== undefined,
  );
}

/** Services whose supervisor was killed: another adopts them, and then knows what to stop, and in which order. */
function adoptPlan(): Plan {
  const action = call('supervisor.ensure', {}, 15_000);
  const step: Step = {
    id: 'supervisor',
    title: 'adopt what runs without a supervisor',
    on: 'local',
    action,
  };
  return { name: 'adopt', title: 'Adopt', stages: [{ title: 'Adopt', steps: [step] }] };
}

/** Ends the databases that killed proofs of backups left running; taking up the backups' work does just that. */
async function endLeftProofs(invocation: Invocation, run: string): Promise<void> {
  if (!existsSync(join(invocation.layout.state, 'work'))) return;
  try {
    await withWork(await localBackupDeps(invocation), { run, reason: 'down' }, async () => {});
  } catch (error) {
    // A backup is being made at this moment: nothing of it was left behind, and it goes on.
    if (!(error instanceof OmpayError && error.code === 'lockHeld')) throw error;
  }
}
