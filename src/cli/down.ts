import type { Command } from 'commander';
import { phase } from '../deploy/deploy.ts';
import { downPlan, lockPlan, unlockPlan } from '../deploy/plan.ts';
import type { Invocation } from './command.ts';
import { localKit } from './kit/local.ts';
import { runOperation } from './operation.ts';

export function configure(_command: Command): void {}

/** Stops front, slots, database and supervisor; what is on disk stays. Nothing running is no error. */
export async function run(invocation: Invocation): Promise<number> {
  const kit = localKit(invocation);
  const facts = await kit.deployKit.facts();
  if (!facts.supervisorRuns) {
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
      await phase(operation, downPlan());
      await phase(operation, unlockPlan());
      return { exitCode: 0, summary: 'stopped; the data stays, and `ompay up` brings it back', data: {} };
    },
  );
}
