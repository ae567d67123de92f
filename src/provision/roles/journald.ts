import { rootFile, rootFolder } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** Logs that outlive a restart and never fill the disk. */
export const journaldRole: Role<HostInput> = {
  name: 'journald',
  guard: null,
  isOn: () => true,
  resources: () => [
    rootFolder('/etc/systemd/journald.conf.d'),
    rootFile({
      path: '/etc/systemd/journald.conf.d/10-ompay.conf',
      content: template('journald/10-ompay.conf'),
      tells: [{ unit: 'systemd-journald.service', how: 'restart' }],
    }),
  ],
};
