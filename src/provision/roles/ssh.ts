import { sh } from '../../shell/line.ts';
import { packages, rootFile, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

const MAIN = '/etc/ssh/sshd_config';
const OWN = '/etc/ssh/sshd_config.d/10-ompay.conf';
const INCLUDE = 'Include /etc/ssh/sshd_config.d/*.conf';

/** Keys only. `sshd -t` reads the whole configuration, so a file that it refuses is put back before sshd hears of it. */
export const sshRole: Role<HostInput> = {
  name: 'ssh',
  isOn: () => true,
  guard: {
    paths: ['/etc/ssh', '/etc/issue.net'],
    live: sh`true`,
    putBack: sh`systemctl restart ssh.service 2>/dev/null || systemctl restart sshd.service`,
  },
  resources: ({ facts }) => [
    ...packages('openssh-server'),
    rootFile({ path: '/etc/issue.net', content: template('login/issue.net') }),
    ...(facts.family === 'rhel' && Number.parseInt(facts.version, 10) < 9
      ? wholeFile()
      : ownFile(facts.family)),
    {
      kind: 'unit',
      name: facts.family === 'rhel' ? 'sshd.service' : 'ssh.service',
      // Ubuntu enables its socket instead.
      isEnabled: facts.distribution === 'ubuntu' ? null : true,
      isActive: true,
    },
  ],
};

/** The first value counts (sshd_config(5)), so the folder is read before the rest of the main file. */
function ownFile(family: 'debian' | 'rhel'): readonly Resource[] {
  return [
    {
      ...rootFile({ path: OWN, content: template('ssh/10-ompay.conf'), mode: 0o600 }),
      check: sh`sshd -t`,
      tells: [told(family)],
    },
    setting({
      name: `${MAIN} includes its folder first`,
      holds: sh`grep -Ev '^[[:space:]]*(#|$)' ${MAIN} | head -n 1 | grep -qxF ${INCLUDE}`,
      apply: sh`cp -p ${MAIN} ${`${MAIN}.ompay-part`} && { printf '%s\n' ${INCLUDE}; cat ${MAIN}; } >${`${MAIN}.ompay-part`} && sshd -t -f ${`${MAIN}.ompay-part`} && mv -f ${`${MAIN}.ompay-part`} ${MAIN}`,
      tells: [told(family)],
    }),
  ];
}

/** OpenSSH 8.0 knows no Include. */
function wholeFile(): readonly Resource[] {
  const rest = 'UsePAM yes\nAcceptEnv LANG LC_*\nSubsystem sftp /usr/libexec/openssh/sftp-server\n';
  return [
    {
      ...rootFile({ path: MAIN, content: `${template('ssh/10-ompay.conf')}${rest}`, mode: 0o600 }),
      check: sh`sshd -t`,
      tells: [told('rhel')],
    },
  ];
}

function told(family: 'debian' | 'rhel') {
  return { unit: family === 'debian' ? 'ssh.service' : 'sshd.service', how: 'reload' } as const;
}
