import { describe, expect, test } from 'vitest';
import { firewallKind } from '../../../src/provision/kinds/firewall.ts';
import type { AllowedPort } from '../../../src/provision/resource.ts';

const ALLOWS: readonly AllowedPort[] = [
  { port: 22, from: null },
  { port: 3306, from: '10.0.0.2' },
];

/** As a host prints it where all is as declared. */
const GOOD = `### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### allow tcp 3306 0.0.0.0/0 any 10.0.0.2 in
### tuple ### allow tcp 22 ::/0 any ::/0 in
ENABLED=yes
DEFAULT_INPUT_POLICY="DROP"
-P INPUT DROP
-A INPUT -j ufw-before-logging-input
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-N ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -s 10.0.0.2/32 -p tcp -m tcp --dport 3306 -j ACCEPT
6 -P INPUT DROP
6 -A INPUT -j ufw6-before-input
6 -A ufw6-user-input -p tcp -m tcp --dport 22 -j ACCEPT
`;

function seen(printed: string) {
  const [change] = firewallKind.changes([{ kind: 'firewall', allows: ALLOWS }], printed);
  return {
    shown: change?.shown,
    lines: change?.actions.map(({ action }) => (action.kind === 'exec' ? action.line.text : '')),
  };
}

describe('the firewall', () => {
  test('is left alone where it is as declared, also with rules that refuse somebody', () => {
    expect(seen(GOOD).shown).toBeUndefined();
    expect(seen(`### tuple ### reject tcp 22 0.0.0.0/0 any 203.0.113.9 in\n${GOOD}`).shown).toBeUndefined();
  });

  test.each([
    [
      'a rule that is missing',
      GOOD.replace(/.*allow tcp 3306.*\n/, '').replace(/.*--dport 3306.*\n/, ''),
      'does not allow 3306/tcp from 10.0.0.2',
      'true && ufw allow proto tcp from 10.0.0.2 to any port 3306',
    ],
    [
      'a port too many',
      `${GOOD}### tuple ### allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp -m tcp --dport 8080 -j ACCEPT\n`,
      'allows 8080/tcp from 0.0.0.0/0',
      'true && ufw --force delete allow proto tcp from 0.0.0.0/0 to any port 8080',
    ],
    [
      'all ports for somebody',
      `${GOOD}### tuple ### allow any any 0.0.0.0/0 any 10.9.9.9 in\n-A ufw-user-input -s 10.9.9.9/32 -j ACCEPT\n`,
      'allows any/any from 10.9.9.9',
      'true && ufw --force delete allow from 10.9.9.9 to any',
    ],
    [
      'a rule of iptables',
      `${GOOD}-A INPUT -p tcp -m tcp --dport 9999 -j ACCEPT\n`,
      'has the rule -p tcp -m tcp --dport 9999 -j ACCEPT',
      'iptables -D INPUT -p tcp -m tcp --dport 9999 -j ACCEPT',
    ],
    [
      'one of IPv6',
      `${GOOD}6 -A INPUT -p tcp -m tcp --dport 9999 -j ACCEPT\n`,
      'has the rule IPv6 -p tcp -m tcp --dport 9999 -j ACCEPT',
      'ip6tables -D INPUT -p tcp -m tcp --dport 9999 -j ACCEPT',
    ],
  ])('%s is seen and mended', (_title, printed, shown, line) => {
    expect(seen(printed)).toEqual({ shown, lines: [line] });
  });

  test.each([
    ['off', GOOD.replace('ENABLED=yes', 'ENABLED=no')],
    ['open for all', GOOD.replace('-P INPUT DROP', '-P INPUT ACCEPT')],
    ['emptied', GOOD.replace(/^-A INPUT .*\n/gm, '')],
  ])('one that is %s is put in force again', (_title, printed) => {
    expect(seen(printed).shown).toBe('not in force');
  });

  test('a host without IPv6 is asked for none', () => {
    const printed = GOOD.replace(/.*(::|^6 ).*\n/gm, '').replace('ENABLED', 'IPV6=no\nENABLED');
    expect(seen(printed).shown).toBeUndefined();
    expect(seen('IPV6=no\n').lines?.join()).not.toContain('::');
  });

  test('a rule that the kernel has lost, or has too many, is seen though the files are right', () => {
    const shown = 'the kernel has other rules than its files';
    expect(seen(GOOD.replace(/-A ufw-user-input -s.*\n/, '')).shown).toBe(shown);
    expect(seen(`${GOOD}-A ufw-user-input -p tcp -m tcp --dport 9 -j ACCEPT\n`).shown).toBe(shown);
  });

  test('a bare host gets all of it', () => {
    expect(seen('').lines).toEqual([
      'true && ufw allow proto tcp from 0.0.0.0/0 to any port 22 && ufw allow proto tcp from ::/0 to any port 22 && ufw allow proto tcp from 10.0.0.2 to any port 3306',
      'ufw --force default deny incoming && ufw --force disable && ufw --force enable',
    ]);
  });
});
