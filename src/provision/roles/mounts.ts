import { sh } from '../../shell/line.ts';
import { setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';

const LINE = 'tmpfs /dev/shm tmpfs rw,nosuid,nodev,noexec 0 0';

/** Nothing is run from where every process can write. /tmp stays as it is: packages run scripts from there. */
export const mountsRole: Role<HostInput> = {
  name: 'mounts',
  guard: null,
  isOn: () => true,
  resources: () => [
    setting({
      name: 'nothing is run from /dev/shm',
      holds: sh`grep -qE '^[^ ]+ /dev/shm [^ ]+ [^ ]*noexec' /proc/mounts && grep -qxF ${LINE} /etc/fstab`,
      apply: sh`set -e
if ! grep -qxF ${LINE} /etc/fstab; then sed -i '/^[^#]*[[:space:]]\\/dev\\/shm[[:space:]]/d' /etc/fstab; printf '%s\n' ${LINE} >>/etc/fstab; fi
mount -o remount,nosuid,nodev,noexec /dev/shm`,
    }),
  ],
};
