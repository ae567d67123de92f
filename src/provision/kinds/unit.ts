import { type Shell, sh } from '../../shell/line.ts';
import { type Change, type ChangeAction, defineKind } from '../kind.ts';
import { idOf, type UnitResource } from '../resource.ts';

const START_MS = 90_000;

export const unitKind = defineKind({
  kind: 'unit',
  // In the order asked for: an alias answers with another name.
  look: (units) =>
    sh`systemctl show --property=UnitFileState,ActiveState -- ${units.map(({ name }) => name)} 2>/dev/null`,
  changes: (units, printed) => {
    const states = printed.trim().split('\n\n').map(readState);
    return units.flatMap((unit, index) => changesOf(unit, states[index] ?? NOT_THERE));
  },
});

interface UnitState {
  /** `enabled`, `disabled`, `masked` …; empty for one that is not there. */
  readonly file: string;
  readonly isActive: boolean;
}

const NOT_THERE: UnitState = { file: '', isActive: false };
/** `static` and `generated` units are started by others: nothing is to be enabled. */
const ENABLED = new Set(['enabled', 'static', 'generated', 'alias', 'indirect']);
/** What there is nothing to disable of. */
const DISABLED = new Set(['disabled', 'masked', 'static', 'generated', 'indirect', '']);
const ACTIVE = new Set(['active', 'activating', 'reloading']);

function readState(block: string): UnitState {
  const values = new Map(
    block.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return {
    file: values.get('UnitFileState') ?? '',
    isActive: ACTIVE.has(values.get('ActiveState') ?? ''),
  };
}

function changesOf(unit: UnitResource, seen: UnitState): readonly Change[] {
  const differences = [...bootDifference(unit, seen), ...runDifference(unit, seen)];
  if (differences.length === 0) return [];
  return [
    {
      resource: idOf(unit),
      shown: differences.map(({ shown }) => shown).join(', '),
      actions: differences.map(({ action }) => action),
      tells: [],
    },
  ];
}

interface Difference {
  readonly shown: string;
  readonly action: ChangeAction;
}

function bootDifference({ name, isEnabled }: UnitResource, { file }: UnitState): readonly Difference[] {
  const isMasked = file === 'masked' || file === 'masked-runtime';
  if (isEnabled === true && !ENABLED.has(file)) {
    const unmask = isMasked ? sh`systemctl -q unmask -- ${name} && ` : sh``;
    const enable = sh`${unmask}systemctl -q enable -- ${name}`;
    const back = isMasked ? sh`systemctl -q mask -- ${name}` : sh`systemctl -q disable -- ${name}`;
    const shown = isMasked ? 'masked' : 'not enabled';
    return [{ shown, action: changing(`enable ${name}`, enable, back) }];
  }
  if (isEnabled !== false || DISABLED.has(file)) return [];
  const [disable, back] = [sh`systemctl -q disable -- ${name}`, sh`systemctl -q enable -- ${name}`];
  return [{ shown: 'enabled', action: changing(`disable ${name}`, disable, back) }];
}

function runDifference({ name, isActive }: UnitResource, seen: UnitState): readonly Difference[] {
  if (isActive === null || isActive === seen.isActive) return [];
  const [start, stop] = [sh`systemctl -q start -- ${name}`, sh`systemctl -q stop -- ${name}`];
  return isActive
    ? [{ shown: 'not running', action: changing(`start ${name}`, start, stop) }]
    : [{ shown: 'running', action: changing(`stop ${name}`, stop, start) }];
}

function changing(title: string, line: Shell, back: Shell): ChangeAction {
  return {
    title,
    action: { kind: 'exec', line, timeoutMs: START_MS },
    undo: { kind: 'exec', line: back, timeoutMs: START_MS },
  };
}
