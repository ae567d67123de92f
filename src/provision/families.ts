import { type Shell, sh } from '../shell/line.ts';

/** What differs between the two families of distributions that are provisioned. */
export interface Family {
  readonly name: 'debian' | 'rhel';
  /** Prints `name<TAB>installed` for each that is. */
  readonly installed: (packages: readonly string[]) => Shell;
  /** Waits at most so long for another package manager; what went wrong is on stderr. */
  readonly install: (packages: readonly string[], waitSeconds: number) => Shell;
}

/**
 * Never asks, keeps changed configuration files. Services of new packages are not started before their own files are in
 * place (policy-rc.d of invoke-rc.d(8), which heeds this process only). The lists are fetched when it fails without.
 */
function aptInstall(packages: readonly string[], waitSeconds: number): Shell {
  const wait = `DPkg::Lock::Timeout=${waitSeconds}`;
  return sh`export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] || grep -q 'of ompay provision' $policy; then
  printf '#!/bin/sh\n# of ompay provision\n[ ! -e /proc/%s ] || exit 101\n' $$ >$policy && chmod 755 $policy
  trap 'rm -f $policy' EXIT
fi
work() { apt-get -qy -o ${wait} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-install-recommends install ${packages} 2>&1; }
said=$(work) && exit 0
case $said in *'E: Could not get lock'* | *'E: Unable to acquire the dpkg'*)
  printf '%s\n' "$said" | tr '\\r' '\\n' | grep -oE '(It is held by process [^.]*|^E: .*)' | sort -u >&2; exit 1 ;;
esac
dpkg --configure -a >&2 && apt-get -q -o ${wait} update >&2
said=$(work) && exit 0
printf '%s\n' "$said" | grep -E '^E: |^ ' >&2
exit 1`;
}

/** Many of the packages are in EPEL alone. */
function dnfInstall(packages: readonly string[], waitSeconds: number): Shell {
  const epel = sh`rpm -q epel-release >/dev/null || dnf -q -y install epel-release || true`;
  return sh`export LC_ALL=C
${epel}
timeout ${600 + waitSeconds} dnf -q -y --setopt=install_weak_deps=False install ${packages}`;
}

export const DEBIAN: Family = {
  name: 'debian',
  installed: (packages) =>
    sh`dpkg-query -W -f='\${Package}\t\${db:Status-Status}\n' ${packages} 2>/dev/null || true`,
  install: aptInstall,
};

export const RHEL: Family = {
  name: 'rhel',
  installed: (packages) => sh`rpm -q --qf '%{NAME}\tinstalled\n' ${packages} 2>/dev/null || true`,
  install: dnfInstall,
};
