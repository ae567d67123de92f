import { expect, test } from 'vitest';
import { unitKind } from '../../../src/provision/kinds/unit.ts';
import type { UnitResource } from '../../../src/provision/resource.ts';

function seen(unit: Partial<UnitResource>, file: string, active: string) {
  const resource = { kind: 'unit', name: 'x.service', isEnabled: true, isActive: true, ...unit } as const;
  const printed = `UnitFileState=${file}\nActiveState=${active}\n`;
  const [change] = unitKind.changes([resource], printed);
  const lines = change?.actions.map(({ action }) => (action.kind === 'exec' ? action.line.text : ''));
  return change === undefined ? 'as declared' : `${change.shown}: ${lines?.join('; ')}`;
}

test.each([
  ['enabled', 'active', 'as declared'],
  ['static', 'activating', 'as declared'],
  ['disabled', 'active', 'not enabled: systemctl -q enable -- x.service'],
  ['enabled', 'failed', 'not running: systemctl -q start -- x.service'],
  ['enabled-runtime', 'active', 'not enabled: systemctl -q enable -- x.service'],
  ['masked', 'active', 'masked: systemctl -q unmask -- x.service && systemctl -q enable -- x.service'],
  [
    '',
    'inactive',
    'not enabled, not running: systemctl -q enable -- x.service; systemctl -q start -- x.service',
  ],
])('one that is to run and is %j, %s', (file, active, expected) => {
  expect(seen({}, file, active)).toBe(expected);
});

test('one that is not to run is stopped and disabled; one that is not there is not', () => {
  const off = { isEnabled: false, isActive: false };
  expect(seen(off, 'enabled', 'active')).toBe(
    'enabled, running: systemctl -q disable -- x.service; systemctl -q stop -- x.service',
  );
  expect(seen(off, '', 'inactive')).toBe('as declared');
  expect(seen(off, 'masked', 'inactive')).toBe('as declared');
});

test('what deploys decide is left as it is', () => {
  expect(seen({ isEnabled: null, isActive: null }, 'disabled', 'inactive')).toBe('as declared');
});

test('several are told apart by their order', () => {
  const unit = (name: string): UnitResource => ({ kind: 'unit', name, isEnabled: true, isActive: null });
  const printed = 'UnitFileState=enabled\n\nUnitFileState=disabled\n\nUnitFileState=enabled\n';
  expect(unitKind.changes(['a', 'b', 'c'].map(unit), printed).map(({ resource }) => resource)).toEqual([
    'unit b',
  ]);
});
