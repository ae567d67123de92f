import { packages, rootFile, running } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

const EVERYWHERE = ['0.0.0.0/0', '::/0'];

/** Addresses that guess keys wait. The hosts of the environment and the operators' own networks never do. */
export const fail2banRole: Role<HostInput> = {
  name: 'fail2ban',
  guard: null,
  isOn: () => true,
  resources: ({ facts, fleet, ssh }) => {
    const known = [...fleet.map(({ address }) => address), ...ssh.from].filter(
      (from) => !EVERYWHERE.includes(from),
    );
    const content = template('fail2ban/ompay.local', {
      IGNORED: [...new Set(known)].join(' '),
      BANACTION: facts.family === 'debian' ? 'ufw' : 'firewallcmd-rich-rules',
    });
    return [
      // The journal is read by python3-systemd.
      ...packages('fail2ban', facts.family === 'debian' ? 'python3-systemd' : 'fail2ban-systemd'),
      rootFile({
        path: '/etc/fail2ban/jail.local',
        content,
        tells: [{ unit: 'fail2ban.service', how: 'restart' }],
      }),
      running('fail2ban.service'),
    ];
  },
};
