import { SERVER } from '../../core/server-layout.ts';
import { sh } from '../../shell/line.ts';
import { packages, rootFolder, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';

/** What the other roles and every later command stand on. */
export const baseRole: Role<HostInput> = {
  name: 'base',
  guard: null,
  isOn: () => true,
  notes: ({ facts, host }) =>
    facts.hostName.split('.')[0] === host.name ? [] : [`it calls itself ${facts.hostName}`],
  resources: ({ facts }) => [
    ...packages('ca-certificates', 'curl', 'tar', 'sudo', 'logrotate'),
    ...(facts.family === 'debian' ? packages('iproute2', 'openssl') : packages('iproute', 'openssl')),
    rootFolder(SERVER.state),
    rootFolder('/etc/ompay'),
    // Without it sudo and mail ask a name server for the host's own name, and wait when there is none.
    setting({
      name: `the own name is in /etc/hosts`,
      holds: sh`grep -qwF -- ${facts.hostName} /etc/hosts`,
      apply: sh`printf '127.0.1.1 %s\n' ${facts.hostName} >>/etc/hosts`,
    }),
  ],
};
