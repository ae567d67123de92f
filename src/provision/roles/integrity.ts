import { sh } from '../../shell/line.ts';
import { packages, rootFile, rootFolder, running, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

const FIRST_MS = 600_000;

/** Which files of the system changed, told every night in the journal; and a look for known rootkits. */
export const integrityRole: Role<HostInput> = {
  name: 'integrity',
  guard: null,
  isOn: () => true,
  resources: ({ facts }) => [
    ...packages('aide', ...(facts.family === 'debian' ? ['chkrootkit'] : [])),
    rootFolder('/etc/aide'),
    rootFolder('/var/lib/aide', 0o700),
    rootFile({ path: '/etc/aide/ompay.conf', content: template('integrity/aide.conf'), mode: 0o600 }),
    // Where audits and people look for it.
    ...(facts.family === 'debian'
      ? [rootFile({ path: '/etc/aide/aide.conf', content: template('integrity/aide.conf'), mode: 0o600 })]
      : []),
    rootFile({
      path: '/etc/systemd/system/ompay-integrity.service',
      content: template('integrity/ompay-integrity.service'),
    }),
    rootFile({
      path: '/etc/systemd/system/ompay-integrity.timer',
      content: template('integrity/ompay-integrity.timer'),
    }),
    setting({
      name: 'the state of the files is known',
      holds: sh`[ -s /var/lib/aide/aide.db ]`,
      apply: sh`mkdir -p /opt/ompay && nice -n 19 aide --config=/etc/aide/ompay.conf --init >/dev/null && mv /var/lib/aide/aide.db.new /var/lib/aide/aide.db`,
      timeoutMs: FIRST_MS,
    }),
    running('ompay-integrity.timer'),
  ],
};
