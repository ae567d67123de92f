import { type Shell, sh } from '../shell/line.ts';

/** What differs between the two families of distributions that are provisioned. */
export interface Family {
  readonly name: 'debian' | 'rhel';
  /** Prints `name<TAB>installed` for each that is. */
  readonly installed: (packages: readonly string[]) => Shell;
  readonly install: (packages: readonly string[]) => Shell;
}

/** Never asks, keeps changed configuration files, waits at most a minute for another apt. */
const APT = sh`DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confold`;

export const DEBIAN: Family = {
  name: 'debian',
  installed: (packages) =>
    sh`dpkg-query -W -f='\${Package}\t\${db:Status-Status}\n' ${packages} 2>/dev/null || true`,
  install: (packages) => sh`${APT} --no-install-recommends install ${packages}`,
};

export const RHEL: Family = {
  name: 'rhel',
  installed: (packages) => sh`rpm -q --qf '%{NAME}\tinstalled\n' ${packages} 2>/dev/null || true`,
  install: (packages) => sh`dnf -q -y --setopt=install_weak_deps=False install ${packages}`,
};
