import type { HostName } from '../host/host.ts';
import { call, type Plan, type Step } from '../plan/plan.ts';
import { type Shell, sh } from '../shell/line.ts';
import type { Change } from './kind.ts';
import type { Told } from './resource.ts';

/** What one host is to be changed in, role by role, in the order in which that is done. */
export interface HostChanges {
  readonly host: HostName;
  readonly roles: readonly RoleChanges[];
}

export interface RoleChanges {
  readonly role: string;
  readonly isGuarded: boolean;
  readonly changes: readonly Change[];
}

const TELL_MS = 120_000;
const GUARD_MS = 90_000;
const INSTALL_MS = 1_500_000;
/** Unless told: the host puts the old state back by itself after so long without a word of its operator. */
export const GUARD_SECONDS = 120;

/**
 * One plan a role, since what fails is put back with its own role, and what was done before is whole and stays. Packages
 * of all roles come first, as one; what can shut its operator out comes last. Nothing to do gives no plan. Pure.
 */
export function provisionPlans({ host, roles }: HostChanges, guardSeconds: number): readonly Plan[] {
  const others = roles
    .map((role) => ({ ...role, changes: role.changes.filter((change) => !isPackage(change)) }))
    .filter(({ changes }) => changes.length > 0);
  const ordered = [...others.filter((role) => !role.isGuarded), ...others.filter((role) => role.isGuarded)];
  return [
    ...packagesPlan(host, roles),
    ...ordered.map((role) => {
      const steps = roleSteps(host, role);
      return planOf(
        host,
        role.role,
        role.isGuarded ? guarded(host, role.role, { steps, guardSeconds }) : steps,
      );
    }),
  ];
}

function planOf(host: HostName, role: string, steps: readonly Step[]): Plan {
  return { name: `${host}/${role}`, title: `${host}: ${role}`, stages: [{ title: role, steps }] };
}

function isPackage({ resource }: Change): boolean {
  return resource.startsWith('package ');
}

/** A package manager that is started once is quicker, and resolves them together. */
function packagesPlan(host: HostName, roles: readonly RoleChanges[]): readonly Plan[] {
  const names = roles
    .flatMap(({ changes }) => changes)
    .filter(isPackage)
    .map(({ resource }) => resource.slice('package '.length));
  const packages = [...new Set(names)];
  if (packages.length === 0) return [];
  const step: Step = {
    id: `${host}.packages`,
    title: `install ${packages.join(', ')}`,
    on: host,
    action: call('provision.install', { packages }, INSTALL_MS),
  };
  return [planOf(host, 'packages', [step])];
}

/** What files tell is told before the next setting or unit, which are to find services as they are declared. */
function roleSteps(host: HostName, { role, changes }: RoleChanges): readonly Step[] {
  const steps: Step[] = [];
  let untold: Told[] = [];
  let hasNewUnits = false;
  const add = (title: string, rest: Pick<Step, 'action' | 'undo'>): void => {
    steps.push({ id: `${host}.${role}.${steps.length + 1}`, title: `${role}: ${title}`, on: host, ...rest });
  };
  const tell = (): void => {
    if (hasNewUnits) add('read the units again', exec(sh`systemctl daemon-reload`));
    for (const { unit, how } of distinct(untold)) add(`${how} ${unit}`, exec(tellLine({ unit, how })));
    untold = [];
    hasNewUnits = false;
  };
  for (const { resource, actions, tells } of changes) {
    if (/^(setting|unit) /.test(resource)) tell();
    for (const { title, action, undo } of actions)
      add(title, { action, ...(undo === undefined ? {} : { undo }) });
    untold = [...untold, ...tells];
    hasNewUnits ||= /^(file|absent) \/etc\/systemd\/system\//.test(resource);
  }
  tell();
  return steps;
}

function exec(line: Shell): Pick<Step, 'action'> {
  return { action: { kind: 'exec', line, timeoutMs: TELL_MS } };
}

/** One that does not run is started by its own resource. */
function tellLine({ unit, how }: Told): Shell {
  return how === 'reload'
    ? sh`systemctl -q try-reload-or-restart -- ${unit}`
    : sh`systemctl -q try-restart -- ${unit}`;
}

/** Each unit once; a restart is a reload too. */
function distinct(tells: readonly Told[]): readonly Told[] {
  const ways = new Map<string, Told['how']>();
  for (const { unit, how } of tells) if (ways.get(unit) !== 'restart') ways.set(unit, how);
  return [...ways].map(([unit, how]) => ({ unit, how }));
}

/**
 * The old state is kept on the host with a timer that puts it back; then the change, then a second connection of its
 * own, and only once that one stands is the timer taken away. An operator who is locked out waits for the timer.
 */
function guarded(
  host: HostName,
  role: string,
  { steps, guardSeconds }: { readonly steps: readonly Step[]; readonly guardSeconds: number },
): readonly Step[] {
  const input = { role, seconds: guardSeconds };
  const step = (verb: string, title: string) => ({
    id: `${host}.${role}.${verb}`,
    title: `${role}: ${title}`,
    on: host,
  });
  return [
    {
      ...step('arm', 'keep the old state, with a timer that puts it back'),
      action: call('guard.arm', input, GUARD_MS),
      undo: call('guard.restore', input, GUARD_MS),
    },
    ...steps,
    { ...step('knock', 'connect a second time'), action: call('guard.knock', input, GUARD_MS) },
    { ...step('disarm', 'take the timer away'), action: call('guard.disarm', input, GUARD_MS) },
  ];
}
