import { join } from 'node:path';
import { ENVIRONMENTS, type Environment } from '../../config/key.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import type { LocalFacts } from '../../deploy/types.ts';
import type { Handlers } from '../../plan/act.ts';
import type { Invocation } from '../command.ts';

/** What the checks of an operation are composed from. */
export interface CheckKitInput {
  readonly invocation: Invocation;
  readonly facts: () => Promise<LocalFacts>;
  /** The operation's own run; null for a look outside one. */
  readonly run: string | null;
}

/** `check.run` looks at one checklist. Its parts are loaded when it is called: a command that only looks needs none. */
export function checkHandlers(input: CheckKitInput): Handlers {
  return {
    'check.run': async ({ checklist }, context) => {
      const { programRoot } = input.invocation;
      const [{ readChecklist }, { KINDS }, { runInOperation }, { localCheckSources }] = await Promise.all([
        import('../../check/checklist.ts'),
        import('../../check/kinds/index.ts'),
        import('../../check/handler.ts'),
        import('./checks/sources.ts'),
      ]);
      const list = readChecklist(programRoot, String(checklist), KINDS);
      const sources = localCheckSources({ ...input, network: false });
      return runInOperation(list, { sources, environment: environmentOf(input.invocation) }, context);
    },
  };
}

/** APP_ENV of the installation. One that is not known counts as production: there nothing passes unseen. */
export function environmentOf({ layout }: Pick<Invocation, 'layout'>): Environment {
  const text = readEnvironment(join(layout.root, '.env')).APP_ENV || 'local';
  return ENVIRONMENTS.find((each) => each === text) ?? 'production';
}
