import { OmpayError } from '../core/errors.ts';
import { type Shell, sh } from '../shell/line.ts';
import { DEBIAN, type Family, RHEL } from './families.ts';

/** What a host is, as it says itself: read anew by every run. */
export interface HostFacts {
  readonly family: Family['name'];
  /** `debian`, `ubuntu`, `rocky` …, as ID of os-release(5). */
  readonly distribution: string;
  /** Empty for one that has none (sid). */
  readonly version: string;
  /** `bookworm`, `noble`; empty in the RHEL family. */
  readonly codename: string;
  /** `Debian GNU/Linux 12 (bookworm)`, for people. */
  readonly title: string;
  readonly architecture: string;
  readonly processors: number;
  /** In steps of 64 MiB: a kernel's update moves the last of them. */
  readonly memoryBytes: number;
  /** Its kernel is another machine's: no clock, modules, swap or audit of its own. */
  readonly isContainer: boolean;
  readonly hasAppArmor: boolean;
  readonly hasSelinux: boolean;
  readonly hostName: string;
}

/** Facts, and what the clock of the host said meanwhile. */
export interface ReadFacts {
  readonly facts: HostFacts;
  readonly epochMs: number;
}

const MEMORY_STEP_BYTES = 64 * 1024 * 1024;

/** `key=value` a line. Only the shell's own words and four short programs, as each look begins with it. */
export const FACTS: Shell = sh`( . /etc/os-release 2>/dev/null || . /usr/lib/os-release 2>/dev/null
printf 'id=%s\nlike=%s\nversion=%s\ncodename=%s\ntitle=%s\n' "$ID" "$ID_LIKE" "$VERSION_ID" "$VERSION_CODENAME" "$PRETTY_NAME" )
while read -r key value _; do if [ "$key" = MemTotal: ]; then printf 'memory_kb=%s\n' "$value"; break; fi; done </proc/meminfo
printf 'architecture=%s\nprocessors=%s\nhost=%s\nclock=%s\n' "$(uname -m)" "$(nproc)" "$(uname -n)" "$(date +%s%3N)"
if [ -d /run/systemd/system ]; then echo systemd=yes; fi
if [ -e /run/systemd/container ]; then echo container=yes; fi
if read -r on </sys/module/apparmor/parameters/enabled; then printf 'apparmor=%s\n' "$on"; fi 2>/dev/null
if [ -e /sys/fs/selinux/enforce ]; then echo selinux=yes; fi
`;

/** @throws {OmpayError} `preflightFailed` for a distribution that is not provisioned, or one without systemd. */
export function readFacts(host: string, printed: string): ReadFacts {
  const said = new Map(
    printed.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, Math.max(0, at)), line.slice(at + 1)];
    }),
  );
  const text = (name: string): string => said.get(name) ?? '';
  const family = familyOf(host, said);
  if (text('systemd') !== 'yes') {
    throw unfit(
      host,
      `${text('title')} is not run by systemd`,
      'give it a system with systemd as its first process',
    );
  }
  const memoryBytes = Number(text('memory_kb')) * 1024;
  return {
    epochMs: Number(text('clock')),
    facts: {
      family,
      distribution: text('id'),
      version: text('version'),
      codename: text('codename'),
      title: text('title'),
      architecture: text('architecture'),
      processors: Number(text('processors')) || 1,
      memoryBytes: Math.floor(memoryBytes / MEMORY_STEP_BYTES) * MEMORY_STEP_BYTES,
      isContainer: text('container') === 'yes',
      hasAppArmor: text('apparmor') === 'Y',
      hasSelinux: text('selinux') === 'yes',
      hostName: text('host'),
    },
  };
}

/** The oldest that have what the roles need: systemd 247 or 239 with cgroups, OpenSSH 8, a libc for Node 24. */
const OLDEST: Readonly<Record<string, number>> = { debian: 11, ubuntu: 20 };
const OLDEST_RHEL = 8;

function familyOf(host: string, said: ReadonlyMap<string, string>): Family['name'] {
  const id = said.get('id') ?? '';
  const words = [id, ...(said.get('like') ?? '').split(' ')];
  const version = said.get('version') ?? '';
  const isRhel = words.some((word) => ['rhel', 'fedora', 'centos'].includes(word));
  const isDebian = words.some((word) => ['debian', 'ubuntu'].includes(word));
  const title = said.get('title') || id || 'a system without /etc/os-release';
  const allowed = 'Debian 11, Ubuntu 20.04 or RHEL 8 and their kin, or newer';
  if (!isRhel && !isDebian) {
    throw unfit(
      host,
      `${title} is no distribution that can be provisioned (${allowed})`,
      `reinstall ${host}, or leave it out: --hosts`,
    );
  }
  const oldest = isRhel ? OLDEST_RHEL : (OLDEST[id] ?? 0);
  // Debian's testing and sid have no version: they are newer than any.
  if (version !== '' && id !== 'fedora' && Number.parseFloat(version) < oldest) {
    throw unfit(host, `${title} is too old (${allowed})`, `upgrade ${host}, or leave it out: --hosts`);
  }
  return isRhel ? 'rhel' : 'debian';
}

function unfit(host: string, what: string, hint: string): OmpayError {
  return new OmpayError('preflightFailed', `${host}: ${what}`, { hint });
}

export function familyNamed(name: Family['name']): Family {
  return name === 'rhel' ? RHEL : DEBIAN;
}
