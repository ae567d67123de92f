import { call, type JsonObject, type Plan } from './plan.ts';

/** Moments of an operation at which a team's own script may run. */
export const HOOK_NAMES = [
  'pre-deploy',
  'pre-switch',
  'post-deploy',
  'pre-rollback',
  'post-rollback',
  'on-failure',
] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** A script has five minutes; its step waits a little longer, so that the script's own limit is the one that is told. */
export const HOOK_LIMIT_MS = 300_000;
const STEP_LIMIT_MS = HOOK_LIMIT_MS + 15_000;

/** What runs at a moment: nothing where the team has no hook for it. */
export function hookPlans(
  present: readonly HookName[],
  hook: HookName,
  facts: JsonObject = {},
): readonly Plan[] {
  if (!present.includes(hook)) return [];
  const title = `Hook ${hook}`;
  const action = call('hook.run', { hook, facts }, STEP_LIMIT_MS);
  const step = { id: hook, title: `.ompay/hooks/${hook}.mjs`, on: 'local', action };
  return [{ name: `hook-${hook}`, title, stages: [{ title, steps: [step] }] }];
}
