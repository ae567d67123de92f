import { type Shell, sh } from '../../shell/line.ts';
import { type Change, defineKind } from '../kind.ts';
import type { UnitResource } from '../resource.ts';

const START_MS = 90_000;

export const unitKind = defineKind({
  kind: 'unit',
  // In the order asked for: an alias answers with another name.
  look: (units) =>
    sh`systemctl show --property=UnitFileState,ActiveState -- ${units.map(({ name }) => name)} 2>/dev/null || true`,
  changes: (units, printed) => {
    const states = printed.trim().split('\n\n').map(readState);
    return units.flatMap((unit, index) =>
      changesOf(unit, states[index] ?? { isEnabled: false, isActive: false }),
    );
  },
});

interface UnitState {
  readonly isEnabled: boolean;
  readonly isActive: boolean;
}

/** `static` and `generated` units are started by others: nothing is to be enabled. */
const ENABLED = new Set(['enabled', 'enabled-runtime', 'static', 'generated', 'alias', 'indirect']);
const ACTIVE = new Set(['active', 'activating', 'reloading']);

function readState(block: string): UnitState {
  const values = new Map(
    block.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return {
    isEnabled: ENABLED.has(values.get('UnitFileState') ?? ''),
    isActive: ACTIVE.has(values.get('ActiveState') ?? ''),
  };
}

function changesOf({ name, isEnabled, isActive }: UnitResource, seen: UnitState): readonly Change[] {
  const actions = [
    ...(isEnabled === seen.isEnabled
      ? []
      : [toggle(name, isEnabled ? 'enable' : 'disable', isEnabled ? 'disable' : 'enable')]),
    ...(isActive === seen.isActive
      ? []
      : [toggle(name, isActive ? 'start' : 'stop', isActive ? 'stop' : 'start')]),
  ];
  if (actions.length === 0) return [];
  const shown = [
    ...(isEnabled === seen.isEnabled ? [] : [isEnabled ? 'not enabled' : 'enabled']),
    ...(isActive === seen.isActive ? [] : [isActive ? 'not running' : 'running']),
  ];
  return [{ resource: `unit ${name}`, shown: shown.join(', '), actions, tells: [] }];
}

function toggle(name: string, verb: string, back: string) {
  const line = (word: string): Shell => sh`systemctl -q ${word} -- ${name}`;
  return {
    title: `${verb} ${name}`,
    action: { kind: 'exec', line: line(verb), timeoutMs: START_MS } as const,
    undo: { kind: 'exec', line: line(back), timeoutMs: START_MS } as const,
  };
}
