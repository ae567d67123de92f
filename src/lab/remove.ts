import { type Shell, sh } from '../shell/line.ts';
import type { LabNames } from './names.ts';

/**
 * Everything that carries a lab's names, whatever state it is in. cgroup.kill (Linux 5.14) ends all processes of a host at
 * once; a namespace goes when its last process is gone, and the cable with it. Beside cgroup v1, systemd-nspawn makes a second
 * cgroup of the same name for systemd. The first process of a host stays until all that were in it are reaped, and a
 * machine whose own first process is slow at that (seen: 11 s) is waited for.
 */
const REMOVE = `
cgroups=$1 prefix=$2 links=$3 folder=$4
for group in "$cgroups/$prefix"*; do
  if [ -d "$group" ]; then echo 1 >"$group/cgroup.kill"; fi
done
for try in $(seq 600); do
  grep -qs 'populated 1' "$cgroups/$prefix"*/cgroup.events || break
  sleep 0.1
done
for group in "$cgroups/$prefix"* /sys/fs/cgroup/systemd/"$prefix"*; do
  if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} +; fi
done
for namespace in /run/netns/"$prefix"*; do
  if [ -e "$namespace" ]; then ip netns delete "\${namespace##*/}" || rm -f "$namespace"; fi
done
for link in /sys/class/net/"$links"*; do
  for try in $(seq 20); do
    test -e "$link" || break
    ip link delete dev "\${link##*/}" 2>/dev/null || sleep 0.1
  done
done
rm -rf --one-file-system "$folder"
`;

/** Safe to run on nothing and on the half of a lab. */
export function removeLine(names: LabNames, cgroups: string): Shell {
  return sh`sh -ec ${REMOVE} sh ${cgroups} ${names.prefix} ${names.linkPrefix} ${names.folder}`;
}
