import { join } from 'node:path';
import { unfinishedPath } from '../core/unfinished.ts';
import type { Host } from '../host/host.ts';
import { type Shell, sh } from '../shell/line.ts';
import { baseFolder } from './base.ts';
import { hostNames, LABS_FOLDER, labNames } from './names.ts';
import type { DiskKind, Lab, LabHost } from './types.ts';

/** Runs a line of `up` in the lab's cgroup, so that `down` also ends what a killed `up` left running. */
export function inLab(lab: Lab, cgroups: string, line: Shell): Shell {
  const group = `${cgroups}/${labNames(lab.id).upGroup}`;
  return sh`mkdir -p ${group} && echo $$ >${`${group}/cgroup.procs`} && ${line}`;
}

/** The overlay is mounted where only the host's own processes see it, and is gone with the last of them. */
const BOOT_OVERLAY = `
echo $$ >"$1/cgroup.procs"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" "$3/root"
shift 3
exec systemd-nspawn "$@"
`;

const BOOT_COPY = `
echo $$ >"$1/cgroup.procs"
shift 3
exec systemd-nspawn "$@"
`;

/** ufw needs NET_ADMIN ("Could not fetch rule set generation id" without it); overlay and sandboxing units SYS_ADMIN. */
const CAPABILITIES = 'CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_ADMIN';

/**
 * Boots the host in the background. It has a cgroup of its own: hosts that shared one would end each other's services.
 * SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: without it systemd 257 on a machine with cgroup v1 beside v2 stops at once.
 */
export function bootLine(lab: Lab, host: LabHost, cgroups: string): Shell {
  const { machine, disk, log } = hostNames(lab.id, host.name, host.index);
  const group = join(cgroups, machine);
  const nspawn = [
    '--quiet',
    `--directory=${join(disk, 'root')}`,
    '--boot',
    `--network-namespace-path=/run/netns/${machine}`,
    `--capability=${CAPABILITIES}`,
    `--machine=${machine}`,
    `--hostname=${host.name}`,
    '--register=no',
    '--keep-unit',
    '--resolv-conf=off',
    '--timezone=off',
    '--console=read-only',
  ];
  const script = lab.disks === 'overlay' ? BOOT_OVERLAY : BOOT_COPY;
  const process = sh`SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid unshare --mount --propagation slave sh -ec ${script} sh ${group} ${baseFolder(host.distribution)} ${disk} ${nspawn}`;
  return sh`mkdir -p ${group} && { ${process} </dev/null >${log} 2>&1 & }`;
}

const PROBE_MS = 20_000;

/** Where labs' disks are, an overlay cannot lie on every file system (a container's own is one). */
export async function diskKind(machine: Host): Promise<DiskKind> {
  const line = overlayProbe(unfinishedPath(join(LABS_FOLDER, 'probe')));
  const { exitCode } = await machine.exec(line, { timeoutMs: PROBE_MS });
  return exitCode === 0 ? 'overlay' : 'copy';
}

function overlayProbe(folder: string): Shell {
  const mount = `mkdir -p "$1/lower" "$1/upper" "$1/work" "$1/root"
trap 'umount "$1/root" 2>/dev/null; rm -rf --one-file-system "$1"' EXIT
mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/root"`;
  return sh`unshare --mount --propagation private sh -ec ${mount} sh ${folder}`;
}

/** The first process of a running host, as this machine numbers it. */
function initLine(lab: Lab, host: LabHost, cgroups: string): Shell {
  const { machine } = hostNames(lab.id, host.name, host.index);
  return sh`head -n 1 ${join(cgroups, machine, 'payload/init.scope/cgroup.procs')}`;
}

/** A command in the host, as root, without its network: it also works on one that is cut off. */
export function execLine(lab: Lab, host: LabHost, cgroups: string, words: readonly string[]): Shell {
  const env = [
    'HOME=/root',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LANG=C.UTF-8',
  ];
  return sh`nsenter --target "$(${initLine(lab, host, cgroups)})" --all --root --wd env -i ${env} sh -c ${'cd && exec "$@"'} sh ${words}`;
}
