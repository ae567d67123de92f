import type { Command } from 'commander';
import { hookPath, presentHooks } from '../../hooks/find.ts';
import { HOOK_NAMES, type HookName } from '../../plan/hook-plan.ts';
import type { Invocation } from '../command.ts';
import { table } from '../render.ts';

const MOMENTS: Readonly<Record<HookName, string>> = {
  'pre-deploy': 'before a deploy begins; a failure stops it, nothing was changed',
  'pre-switch': 'the new release is proven beside the live one; a failure stops it, users saw nothing',
  'post-deploy': 'the new release serves, and was watched',
  'pre-rollback': 'before a rollback begins; a failure stops it, nothing was changed',
  'post-rollback': 'the release before serves again',
  'on-failure': 'a deploy or rollback failed; it is told why',
};

export function configure(_command: Command): void {}

/** The moments at which a script of the team may run, and which are there. Throws what a deploy would for this folder. */
export async function run({ layout, output }: Invocation): Promise<number> {
  const present = presentHooks(layout);
  const hooks = HOOK_NAMES.map((name) => ({
    name,
    moment: MOMENTS[name],
    path: hookPath(layout, name),
    isPresent: present.includes(name),
  }));
  if (output.json) output.write(`${JSON.stringify({ hooks })}\n`);
  else {
    output.write(
      table([
        { title: 'HOOK', values: hooks.map(({ name }) => name) },
        { title: 'FILE', values: hooks.map(({ isPresent, path }) => (isPresent ? path : '-')) },
        { title: 'WHEN', values: hooks.map(({ moment }) => moment) },
      ]),
    );
  }
  return 0;
}
