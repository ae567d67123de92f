import { sh } from '../../shell/line.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** Keys only. `sshd -t` reads the whole configuration, so a file that it refuses is put back before sshd hears of it. */
export const sshRole: Role<HostInput> = {
  name: 'ssh',
  isOn: () => true,
  guard: {
    paths: ['/etc/ssh', '/etc/issue.net'],
    live: sh`true`,
    putBack: sh`systemctl try-reload-or-restart ssh.service sshd.service`,
  },
  resources: () => [
    { kind: 'package', name: 'openssh-server' },
    file('/etc/issue.net', template('login/issue.net'), 0o644),
    {
      ...file('/etc/ssh/sshd_config.d/10-ompay.conf', template('ssh/10-ompay.conf'), 0o600),
      check: sh`sshd -t`,
      tells: [{ unit: 'ssh.service', how: 'reload' }],
    },
  ],
};

function file(path: string, content: string, mode: number) {
  return { kind: 'file', path, content, mode, owner: 'root', group: 'root' } as const;
}
