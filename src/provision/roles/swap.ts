import { sh } from '../../shell/line.ts';
import { setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';

const FILE = '/swapfile';
const ENOUGH_MEMORY_BYTES = 4 * 1024 ** 3;
const SWAP_MIB = 2048;
const MAKE_MS = 180_000;

/** A small host that is short of memory for a moment gets slow, rather than losing its database to the kernel. */
export const swapRole: Role<HostInput> = {
  name: 'swap',
  guard: null,
  isOn: ({ facts }) => facts.memoryBytes < ENOUGH_MEMORY_BYTES,
  notes: ({ facts }) => (facts.isContainer ? ['no swap: it is the matter of the machine below'] : []),
  resources: ({ facts }) => {
    if (facts.isContainer) return [];
    const make = sh`fallocate -l ${`${SWAP_MIB}M`} ${FILE} || dd if=/dev/zero of=${FILE} bs=1M count=${SWAP_MIB} status=none`;
    return [
      setting({
        name: 'there is swap',
        holds: sh`{ read -r _; read -r _; } </proc/swaps`,
        apply: sh`set -e
if [ ! -e ${FILE} ]; then ${make}; fi
chmod 600 ${FILE}
mkswap -q ${FILE} 2>/dev/null || mkswap ${FILE}
swapon ${FILE}
grep -q ${`^${FILE} `} /etc/fstab || printf '%s none swap sw 0 0\n' ${FILE} >>/etc/fstab`,
        timeoutMs: MAKE_MS,
      }),
    ];
  },
};
