import { describe, expect, test } from 'vitest';
import { stepsOf } from '../../src/plan/plan.ts';
import type { Change } from '../../src/provision/kind.ts';
import { provisionPlans, type RoleChanges } from '../../src/provision/plan.ts';
import { sh } from '../../src/shell/line.ts';

function change(resource: string, tells: Change['tells'] = []): Change {
  const action = { kind: 'exec', line: sh`true`, timeoutMs: 1000 } as const;
  return { resource, shown: 'not so', tells, actions: [{ title: resource, action, undo: action }] };
}

function titles(...roles: readonly RoleChanges[]): readonly (readonly string[])[] {
  return provisionPlans({ host: 'web1', roles }, 30).map((plan) => [
    plan.name,
    ...stepsOf(plan).map(({ title }) => title),
  ]);
}

const role = (name: string, changes: readonly Change[], isGuarded = false): RoleChanges => ({
  role: name,
  isGuarded,
  changes,
});

describe('the plans of one host', () => {
  test('a host that is as declared has none', () => {
    expect(titles(role('base', []), role('ssh', [], true))).toEqual([]);
  });

  test('packages of all roles come first, in one go, each once', () => {
    const nginx = role('nginx', [
      change('package nginx'),
      change('package curl'),
      change('file /etc/nginx/x'),
    ]);
    expect(titles(role('base', [change('package curl')]), nginx)).toEqual([
      ['web1/packages', 'install curl, nginx'],
      ['web1/nginx', 'nginx: file /etc/nginx/x'],
    ]);
  });

  test('a service hears of its files once, before a setting or a unit needs it, and of a restart rather than a reload', () => {
    const reload = [{ unit: 'x.service', how: 'reload' }] as const;
    const restart = [{ unit: 'x.service', how: 'restart' }] as const;
    const changes = [
      change('file /a', reload),
      change('file /b', restart),
      change('unit x.service'),
      change('file /c', reload),
    ];
    expect(titles(role('x', changes))).toEqual([
      [
        'web1/x',
        'x: file /a',
        'x: file /b',
        'x: restart x.service',
        'x: unit x.service',
        'x: file /c',
        'x: reload x.service',
      ],
    ]);
  });

  test('new units are read before one is started', () => {
    const changes = [change('file /etc/systemd/system/x.service'), change('unit x.service')];
    expect(titles(role('x', changes))).toEqual([
      ['web1/x', 'x: file /etc/systemd/system/x.service', 'x: read the units again', 'x: unit x.service'],
    ]);
  });

  test('what can shut the operator out comes last: armed, changed, knocked, disarmed; its undo puts the old state back', () => {
    const plans = provisionPlans(
      { host: 'web1', roles: [role('ssh', [change('file /s')], true), role('app', [change('file /a')])] },
      30,
    );
    expect(plans.map(({ name }) => name)).toEqual(['web1/app', 'web1/ssh']);
    const steps = stepsOf(plans[1] ?? { name: '', title: '', stages: [] });
    expect(steps.map(({ id }) => id)).toEqual([
      'web1.ssh.arm',
      'web1.ssh.1',
      'web1.ssh.knock',
      'web1.ssh.disarm',
    ]);
    expect(steps[0]).toMatchObject({
      action: { handler: 'guard.arm', input: { role: 'ssh', seconds: 30 } },
      undo: { handler: 'guard.restore' },
    });
  });
});
