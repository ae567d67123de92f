import { dirname, join } from 'node:path';
import { type Shell, sh } from '../shell/line.ts';
import { CACHE_FOLDER } from './names.ts';
import { LAB_USER, LAB_USER_ID } from './seed.ts';
import type { Distribution } from './types.ts';

/** What a server has before anyone provisions it: init, sshd, sudo, and a Python for Ansible to compare with. */
const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'sudo',
  'ca-certificates',
  'iproute2',
  'python3-minimal',
];

/** A part of the path, raised when what is made below changes: an older image is then not taken for a new one. */
const FORM = 1;

export function baseFolder(distribution: Distribution): string {
  return join(CACHE_FOLDER, `${distribution}.${FORM}`);
}

/**
 * Two makers wait for each other; what is there is whole, since it got its name last. debootstrap mounts /proc in what it
 * makes: in a mount namespace of its own, a killed one leaves no mount behind.
 */
const MAKE = `
base=$1 mirror=$2 distribution=$3 packages=$4 user=$5 id=$6
test ! -d "$base" || exit 0
part=$base.part
rm -rf --one-file-system "$part"
trap 'rm -rf --one-file-system "$part"' EXIT
debootstrap --variant=minbase --include="$packages" "$distribution" "$part" "$mirror" >"$base.log" 2>&1 || {
  tail -n 3 "$base.log" >&2
  exit 1
}
chroot "$part" useradd --uid "$id" --create-home --shell /bin/bash "$user"
echo "$user ALL=(ALL:ALL) NOPASSWD: ALL" >"$part/etc/sudoers.d/90-lab"
chmod 440 "$part/etc/sudoers.d/90-lab"
rm -f "$part"/etc/ssh/ssh_host_* "$part"/var/cache/apt/archives/*.deb "$part"/var/lib/apt/lists/*_*
mv -T "$part" "$base"
`;

export interface BaseRequest {
  readonly distribution: Distribution;
  readonly mirror: string;
  /** How long another maker is waited for. */
  readonly waitSeconds: number;
  /** Where the image is to be. */
  readonly base: string;
}

/** Makes the base image unless it is there. */
export function makeBaseLine({ distribution, mirror, waitSeconds, base }: BaseRequest): Shell {
  const make = sh`unshare --mount --propagation private sh -ec ${MAKE} sh ${base} ${mirror} ${distribution} ${PACKAGES.join(',')} ${LAB_USER} ${LAB_USER_ID}`;
  return sh`mkdir -p ${dirname(base)} && flock --wait ${waitSeconds} ${`${base}.lock`} ${make}`;
}
