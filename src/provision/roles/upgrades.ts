import { packages, rootFile, running } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** Security updates by themselves; a restart of the host never by itself. */
export const upgradesRole: Role<HostInput> = {
  name: 'upgrades',
  guard: null,
  isOn: () => true,
  resources: ({ facts }) =>
    facts.family === 'debian'
      ? [
          ...packages('unattended-upgrades'),
          rootFile({
            path: '/etc/apt/apt.conf.d/52-ompay-upgrades',
            content: template('apt/52-ompay-upgrades'),
          }),
          running('apt-daily.timer'),
          running('apt-daily-upgrade.timer'),
        ]
      : [
          ...packages('dnf-automatic'),
          rootFile({ path: '/etc/dnf/automatic.conf', content: template('dnf/automatic.conf') }),
          running('dnf-automatic.timer'),
        ],
};
