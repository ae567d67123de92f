import { phase, settle } from '../../deploy/deploy.ts';
import { presentHooks } from '../../hooks/find.ts';
import { hookHandlers } from '../../hooks/run.ts';
import { localHost } from '../../host/local.ts';
import type { Handlers } from '../../plan/act.ts';
import { type HookName, hookPlans } from '../../plan/hook-plan.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { type RunContext, shownError } from '../../plan/run.ts';
import type { Invocation } from '../command.ts';
import { actor, type Operation, type OperationResult } from '../operation.ts';
import { knownSecrets } from './known-secrets.ts';
import { once } from './once.ts';

/** The team's own scripts around an operation. */
export interface Hooks {
  readonly command: 'deploy' | 'rollback';
  readonly present: readonly HookName[];
  readonly handlers: (operation: Pick<Operation, 'run'>) => Handlers;
}

/** Throws `configInvalid` for a folder of hooks that cannot be relied on, before anything is begun. */
export function hooksOf(invocation: Invocation, command: Hooks['command'], environment: string): Hooks {
  const secrets = once(() => knownSecrets(invocation, environment));
  return {
    command,
    present: presentHooks(invocation.layout),
    handlers: ({ run }) => ({
      'hook.run': async (input, context) => {
        const identity = { command, environment, run, by: actor() };
        const kit = { layout: invocation.layout, identity, secrets: await secrets() };
        const handler = hookHandlers(kit)['hook.run'];
        if (handler === undefined) throw new TypeError('hooks have a handler');
        return handler(input, context);
      },
    }),
  };
}

/** What `--plan` prints before the plans of the operation itself. */
export function plansBefore({ command, present }: Hooks) {
  return hookPlans(present, `pre-${command}`);
}

/**
 * `pre-`, the work, `post-`; after a failure of any of it `on-failure`, which is told the error and cannot change it.
 * What follows the work is not interrupted.
 */
export async function hooked(
  context: RunContext,
  { command, present }: Hooks,
  facts: JsonObject,
  work: () => Promise<OperationResult>,
): Promise<OperationResult> {
  const local = { ...context, hosts: { ...context.hosts, local: localHost() } };
  try {
    for (const plan of hookPlans(present, `pre-${command}`, facts)) await phase(local, plan);
    const result = await work();
    const { exitCode, summary, data } = result;
    await settle(local, hookPlans(present, `post-${command}`, { ...facts, ...data, exitCode, summary }));
    return result;
  } catch (error) {
    const told = hookPlans(present, 'on-failure', { ...facts, error: { ...shownError(error) } });
    // The error that led here is the one to tell; a hook that could not run is in the journal.
    await settle(local, told).catch(() => {});
    throw error;
  }
}
