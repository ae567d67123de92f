import type { HostName } from '../host/host.ts';
import { call, type Plan, type Step } from '../plan/plan.ts';
import { sh } from '../shell/line.ts';
import type { Change } from './kind.ts';
import type { Told } from './resource.ts';

/** What one host is to be changed in, role by role. */
export interface HostChanges {
  readonly host: HostName;
  readonly roles: readonly RoleChanges[];
}

export interface RoleChanges {
  readonly role: string;
  readonly isGuarded: boolean;
  readonly changes: readonly Change[];
}

const TELL_MS = 90_000;
const GUARD_MS = 30_000;
/** The host puts the old state back by itself after so long without a word of its operator. */
const GUARD_SECONDS = 120;

/** Hosts in parallel; on each what can lock out comes last, under its guard. Nothing to do gives a plan without steps. Pure. */
export function provisionPlan(hosts: readonly HostChanges[]): Plan {
  const steps = hosts.flatMap(({ host, roles }) => {
    const changed = roles.filter(({ changes }) => changes.length > 0);
    const [safe, risky] = [
      changed.filter((role) => !role.isGuarded),
      changed.filter((role) => role.isGuarded),
    ];
    return [
      ...safe.flatMap((role) => roleSteps(host, role)),
      ...risky.flatMap((role) => guarded(host, role)),
    ];
  });
  return { name: 'provision', title: 'Provision', stages: [{ title: 'Provision', steps }] };
}

function roleSteps(host: HostName, { role, changes }: RoleChanges): readonly Step[] {
  const acts = changes.flatMap(({ actions }) => actions);
  return [
    ...acts.map(({ title, action, undo }, index) => ({
      id: `${host}.${role}.${index + 1}`,
      title: `${role}: ${title}`,
      on: host,
      action,
      ...(undo === undefined ? {} : { undo }),
    })),
    ...told(changes).map(({ unit, how }) => ({
      id: `${host}.${role}.${how}-${unit}`,
      title: `${role}: ${how} ${unit}`,
      on: host,
      action: {
        kind: 'exec',
        // One that does not run is started by its own resource.
        line: sh`systemctl daemon-reload && systemctl -q try-${how === 'reload' ? sh`reload-or-` : sh``}restart -- ${unit}`,
        timeoutMs: TELL_MS,
      } as const,
    })),
  ];
}

/** Each unit once; a restart is a reload too. */
function told(changes: readonly Change[]): readonly Told[] {
  const ways = new Map<string, Told['how']>();
  for (const { unit, how } of changes.flatMap(({ tells }) => tells))
    if (ways.get(unit) !== 'restart') ways.set(unit, how);
  return [...ways].map(([unit, how]) => ({ unit, how }));
}

/**
 * The old state is kept on the host with a timer that puts it back; then the change, then a second connection of its
 * own, and only once that one stands is the timer taken away. An operator who is locked out waits two minutes.
 */
function guarded(host: HostName, role: RoleChanges): readonly Step[] {
  const input = { role: role.role, seconds: GUARD_SECONDS };
  const step = (verb: string, title: string) => ({
    id: `${host}.${role.role}.${verb}`,
    title: `${role.role}: ${title}`,
    on: host,
  });
  return [
    {
      ...step('arm', 'keep the old state, with a timer that puts it back'),
      action: call('guard.arm', input, GUARD_MS),
      undo: call('guard.restore', input, GUARD_MS),
    },
    ...roleSteps(host, role),
    { ...step('knock', 'connect a second time'), action: call('guard.knock', input, GUARD_MS) },
    { ...step('disarm', 'take the timer away'), action: call('guard.disarm', input, GUARD_MS) },
  ];
}
