import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import { didYouMean } from '../core/nearest.ts';
import { HOOK_NAMES, type HookName } from '../plan/hook-plan.ts';

const SUFFIX = '.mjs';
const WRITABLE_BY_OTHERS = 0o022;

export function hookPath(layout: Pick<Layout, 'state'>, hook: HookName): string {
  return join(hooksFolder(layout), `${hook}${SUFFIX}`);
}

export function hooksFolder({ state }: Pick<Layout, 'state'>): string {
  return join(state, 'hooks');
}

/**
 * The hooks of an installation. Throws `configInvalid` for a script of another name (a misspelt hook would never run, and
 * nobody would know) and for one that others may write: it runs with the operator's rights. Names that begin with `_` and
 * folders are for what hooks share.
 */
export function presentHooks(layout: Pick<Layout, 'state'>): readonly HookName[] {
  const folder = hooksFolder(layout);
  const names = scriptsIn(folder);
  const unknown = names.find((name) => !HOOK_NAMES.some((hook) => hook === name));
  if (unknown !== undefined) throw notAHook(folder, unknown);
  const present = HOOK_NAMES.filter((hook) => names.includes(hook));
  for (const hook of present) assertOwn(hookPath(layout, hook));
  return present;
}

function scriptsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX) && !name.startsWith('_') && !name.startsWith('.'))
      .map((name) => name.slice(0, -SUFFIX.length));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw new OmpayError(
      'stateUnusable',
      `the hooks in ${folder} cannot be read (${systemCodeOf(error) ?? 'no code'})`,
      { hint: `make it a folder that this user can read: ls -ld '${folder}'`, cause: error },
    );
  }
}

function notAHook(folder: string, name: string): OmpayError {
  return new OmpayError(
    'configInvalid',
    `${join(folder, name)}${SUFFIX} is no hook${didYouMean(name, HOOK_NAMES)}; hooks are ${HOOK_NAMES.join(', ')}`,
    {
      hint: `rename it; what hooks share has a name that begins with _: mv '${folder}/${name}${SUFFIX}' '${folder}/_${name}${SUFFIX}'`,
    },
  );
}

function assertOwn(path: string): void {
  const { uid, mode, isOther }: { uid: number; mode: number; isOther: boolean } = ownership(lstatSync(path));
  if (!isOther && (mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new OmpayError(
    'configInvalid',
    `${path} could be changed by others (owner ${uid}, mode ${(mode & 0o777).toString(8)}), and would run as this user`,
    { hint: `chown "$(id -u)" '${path}' && chmod go-w '${path}'` },
  );
}

function ownership({ uid, mode }: Stats): { uid: number; mode: number; isOther: boolean } {
  const self = process.getuid?.();
  return { uid, mode, isOther: self !== undefined && uid !== self && uid !== 0 };
}
