import { isIP } from 'node:net';
import { SERVER } from '../../core/server-layout.ts';
import { sh } from '../../shell/line.ts';
import { rootFile, rootFolder, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';

const MARK = '# ompay fleet';

/** Whom a host believes, and where the others are by the names in their certificates: without a name server in between. */
export const authorityRole: Role<HostInput> = {
  name: 'authority',
  guard: null,
  isOn: () => true,
  resources: ({ certificate, fleet }) => {
    const lines = fleet
      .filter(({ address }) => isIP(address) !== 0)
      .map(({ address, name }) => `${address} ${name} ${MARK}`)
      .toSorted();
    return [
      rootFolder(SERVER.tls),
      rootFile({ path: SERVER.tlsAuthority, content: certificate.authorityPem }),
      setting({
        name: 'the names of the fleet are in /etc/hosts',
        holds: sh`[ "$(grep -F ${MARK} /etc/hosts | sort)" = ${lines.join('\n')} ] && head -n 1 /etc/hosts | grep -qF ${MARK}`,
        // Before all others: the first line with a name counts. Beside, then renamed, so that no reader finds half of it.
        apply: sh`part=$(mktemp /etc/hosts.XXXXXX) && printf '%s\n' ${lines} >"$part" && { grep -vF ${MARK} /etc/hosts >>"$part" || true; } && chmod 644 "$part" && mv -f "$part" /etc/hosts`,
      }),
    ];
  },
};
