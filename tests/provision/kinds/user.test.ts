import { expect, test } from 'vitest';
import { userKind } from '../../../src/provision/kinds/user.ts';

const OMPAY = {
  kind: 'user',
  name: 'ompay',
  home: '/nonexistent',
  shell: '/usr/sbin/nologin',
  groups: ['tls'],
} as const;

function seen(passwd: string, groups: string): string {
  const [change] = userKind.changes([OMPAY], `${passwd}\ngroups:ompay:${groups}\n`);
  return change?.shown ?? 'as declared';
}

test.each([
  ['ompay:x:998:998::/nonexistent:/usr/sbin/nologin', 'ompay tls', 'as declared'],
  ['ompay:x:998:998::/nonexistent:/bin/bash', 'ompay tls', 'shell /bin/bash → /usr/sbin/nologin'],
  ['ompay:x:998:998::/srv/ompay:/usr/sbin/nologin', 'ompay tls', 'home /srv/ompay → /nonexistent'],
  ['ompay:x:998:998::/nonexistent:/usr/sbin/nologin', 'ompay', 'not in tls'],
  ['ompay:x:998:998::/nonexistent:/usr/sbin/nologin', 'ompay tls sudo', 'in sudo'],
  ['', '', 'not there'],
])('%s in %j', (passwd, groups, expected) => {
  expect(seen(passwd, groups)).toBe(expected);
});

test('the undo gives back the groups that were', () => {
  const [change] = userKind.changes(
    [OMPAY],
    'ompay:x:998:998::/srv/o:/bin/sh\ngroups:ompay:ompay sudo adm\n',
  );
  const undo = change?.actions[0]?.undo;
  expect(undo?.kind === 'exec' ? undo.line.text : '').toBe(
    'usermod --home /srv/o --shell /bin/sh --groups sudo,adm -- ompay',
  );
});
