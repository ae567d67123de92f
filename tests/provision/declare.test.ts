import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { changesIn, type Declared, declare } from '../../src/provision/declare.ts';
import { provisionPlans } from '../../src/provision/plan.ts';
import { idOf } from '../../src/provision/resource.ts';
import { baseRole } from '../../src/provision/roles/base.ts';
import { firewallRole } from '../../src/provision/roles/firewall.ts';
import { ROLES } from '../../src/provision/roles/index.ts';
import { journaldRole } from '../../src/provision/roles/journald.ts';
import { sshRole } from '../../src/provision/roles/ssh.ts';
import { sysctlRole } from '../../src/provision/roles/sysctl.ts';
import { timeRole } from '../../src/provision/roles/time.ts';
import { upgradesRole } from '../../src/provision/roles/upgrades.ts';
import { comparedPaths, planDocument, shownPlan } from '../../src/provision/shown.ts';
import { provisionInput, ROCKY } from '../fixtures/provision-input.ts';

const MARK = '@@0';
const KINDS = ['package', 'user', 'folder', 'file', 'absent', 'setting', 'unit', 'firewall'];
/** As a look at a host that has nothing prints it. */
const BARE = ['facts', ...KINDS, 'end'].map((kind) => `\n${MARK} ${kind}\n`).join('');

function shownFor(declared: Declared): string {
  const changes = changesIn(declared, BARE, MARK);
  return shownPlan({ declared, changes, plans: provisionPlans(changes, 120), contents: new Map() });
}

describe('what a bare host is to be changed in', () => {
  const roles = [baseRole, timeRole, journaldRole, sysctlRole, upgradesRole, sshRole, firewallRole];

  test('a web host of Debian, as `--plan` shows it', async () => {
    const text = shownFor(declare(roles, provisionInput('web1')));
    await expect(text).toMatchFileSnapshot('../goldens/provision/debian-web.txt');
  });

  test('a database host of the RHEL family', async () => {
    const text = shownFor(declare(roles, provisionInput('db1', {}, ROCKY)));
    await expect(text).toMatchFileSnapshot('../goldens/provision/rhel-db.txt');
  });
});

describe('every role', () => {
  const inputs = ['lb', 'web1', 'db1', 'redis1'].flatMap((name) => [
    provisionInput(name),
    provisionInput(name, {}, { ...ROCKY, isContainer: true }),
  ]);

  test.each(inputs.map((input) => [input.host.name, input.facts.family, input] as const))(
    'declares each thing of %s (%s) once, with names and paths that a host can have',
    (_name, _family, input) => {
      const { resources } = declare(ROLES, input);
      const ids = resources.map(idOf);
      expect(new Set(ids).size).toBe(ids.length);
      for (const each of resources)
        if ('path' in each) expect(each.path).toMatch(/^\/[A-Za-z0-9/._@-]+[A-Za-z0-9_@]$/);
    },
  );

  test('has a name of its own, and a guard where it can shut its operator out', () => {
    const names = ROLES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(ROLES.filter(({ guard }) => guard !== null).map(({ name }) => name)).toEqual(['ssh', 'firewall']);
  });
});

test('a secret file is in no plan, and its content on the host is not asked for', () => {
  const content = new Secret('hunter2-hunter2');
  const role = {
    name: 'x',
    guard: null,
    isOn: () => true,
    resources: () => [
      { kind: 'file', path: '/etc/x', content, mode: 0o600, owner: 'root', group: 'root' } as const,
    ],
  };
  const declared = declare([role], provisionInput('web1'));
  const changes = changesIn(declared, BARE, MARK);
  const plans = provisionPlans(changes, 120);
  const shown = { declared, changes, plans, contents: new Map() };
  for (const text of [shownPlan(shown), JSON.stringify(planDocument(shown))]) {
    expect(text).toContain('it holds a secret');
    expect(text).not.toContain('hunter2');
  }
  expect(comparedPaths(declared, changes)).toEqual([]);
});
