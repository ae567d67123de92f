import { sh } from '../../shell/line.ts';
import { packages, rootFile, running, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** The kernel's own record of who became whom and who changed what ompay keeps. */
export const auditRole: Role<HostInput> = {
  name: 'audit',
  guard: null,
  isOn: () => true,
  notes: ({ facts }) =>
    facts.isContainer ? ['auditd does not run: the kernel tells the machine below alone'] : [],
  resources: ({ facts }) => {
    const rules = '/etc/audit/rules.d/60-ompay.rules';
    return [
      ...packages(facts.family === 'debian' ? 'auditd' : 'audit'),
      rootFile({ path: rules, content: template('audit/60-ompay.rules'), mode: 0o640 }),
      ...(facts.isContainer
        ? []
        : [
            running('auditd.service'),
            // auditd refuses to be restarted by hand; its rules are loaded beside it.
            setting({
              name: 'the kernel has the rules of audit',
              holds: sh`[ /etc/audit/audit.rules -nt ${rules} ] && auditctl -l | grep -q 'key=ompay'`,
              apply: sh`augenrules --load >/dev/null && touch /etc/audit/audit.rules`,
            }),
          ]),
    ];
  },
};
