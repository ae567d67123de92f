import { sh } from '../../shell/line.ts';
import { packages, rootFile, rootFolder, setting } from '../declarations.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

const PROFILE = '/etc/apparmor.d/ompay-api';
const DROP_IN = '/etc/systemd/system/ompay-api@.service.d';

/** semanage-fcontext(8): what nginx may connect to and serve, in the words of the policy. */
const LABELS = [
  ['/run/ompay(/.*)?', 'httpd_var_run_t'],
  ['/var/lib/ompay/acme(/.*)?', 'httpd_sys_content_t'],
  ['/etc/ompay/tls(/.*)?', 'cert_t'],
] as const;
const LABEL_MS = 120_000;

/** The kernel's own word on what the API and nginx may reach: AppArmor's profile, or SELinux' labels. */
export const confinementRole: Role<HostInput> = {
  name: 'confinement',
  guard: null,
  isOn: (input) => hasRole(input, 'web'),
  notes: ({ facts }) =>
    facts.hasAppArmor || facts.hasSelinux
      ? []
      : ['its kernel has neither AppArmor nor SELinux: nothing is confined by them'],
  resources: ({ facts }) => {
    if (facts.hasSelinux) return [...packages('policycoreutils-python-utils'), ...LABELS.map(labelled)];
    return facts.hasAppArmor ? profile() : [];
  },
};

function profile(): readonly Resource[] {
  return [
    ...packages('apparmor'),
    {
      ...rootFile({ path: PROFILE, content: template('apparmor/ompay-api') }),
      check: sh`apparmor_parser -Q -K ${PROFILE}`,
    },
    setting({
      name: 'the kernel has the profile ompay-api',
      holds: sh`grep -q '^ompay-api ' /sys/kernel/security/apparmor/profiles`,
      apply: sh`apparmor_parser -r -W ${PROFILE}`,
    }),
    rootFolder(DROP_IN),
    // A host whose kernel loses AppArmor starts the API all the same.
    rootFile({ path: `${DROP_IN}/apparmor.conf`, content: '[Service]\nAppArmorProfile=-ompay-api\n' }),
  ];
}

function labelled([pattern, type]: (typeof LABELS)[number]): Resource {
  const folder = pattern.replace('(/.*)?', '');
  return setting({
    name: `${folder} is labelled ${type}`,
    holds: sh`grep -qF ${pattern} /etc/selinux/targeted/contexts/files/file_contexts.local`,
    apply: sh`semanage fcontext -a -t ${type} ${pattern} && if [ -e ${folder} ]; then restorecon -R ${folder}; fi`,
    timeoutMs: LABEL_MS,
  });
}
