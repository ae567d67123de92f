import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { phase } from '../../deploy/deploy.ts';
import { localHost } from '../../host/local.ts';
import { assertMachine, cgroupFolder, foundLabs } from '../../lab/facts.ts';
import { removalHandlers } from '../../lab/handlers.ts';
import { labFiles, labId } from '../../lab/names.ts';
import { downPlan } from '../../lab/plan.ts';
import type { Invocation } from '../command.ts';
import { owningLab } from '../kit/lab.ts';
import { runOperation } from '../operation.ts';

export function configure(_command: Command): void {}

/** Ends the lab, whatever state it is in, also one whose `up` was killed; nothing there is no error. */
export async function run(invocation: Invocation): Promise<number> {
  const { layout, output } = invocation;
  await assertMachine(localHost());
  const id = labId(layout);
  if (!existsSync(labFiles(layout).folder) && !foundLabs(cgroupFolder()).some((lab) => lab.id === id)) {
    const summary = 'no lab is here';
    output.write(
      output.json ? `${JSON.stringify({ type: 'run-done', exitCode: 0, summary })}\n` : `${summary}\n`,
    );
    return 0;
  }
  const handlers = removalHandlers(layout);
  return owningLab(layout, () =>
    runOperation(
      invocation,
      { command: 'lab down', title: 'Lab down', input: {}, handlers: () => handlers },
      async (operation) => {
        await phase(operation, downPlan());
        return { exitCode: 0, summary: 'the lab is gone; its base images stay', data: {} };
      },
    ),
  );
}
