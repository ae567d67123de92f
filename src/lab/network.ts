import { type Shell, sh } from '../shell/line.ts';
import { gatewayOf } from './addresses.ts';
import { hostNames, labNames } from './names.ts';
import { relaysOf } from './relays.ts';
import type { Lab, LabHost } from './types.ts';

/** Lines that may run again on what is there already, whole or in part. */

export function bridgeLine(lab: Lab): Shell {
  const { bridge } = labNames(lab.id);
  const addresses = [gatewayOf(lab.subnet), ...new Set(relaysOf(lab).map(({ address }) => address))];
  const made = sh`{ ip link show dev ${bridge} >/dev/null 2>&1 || ip link add name ${bridge} type bridge; }`;
  const addressed = addresses.reduce(
    (line, address) => sh`${line} && ip address replace ${`${address}/24`} dev ${bridge}`,
    made,
  );
  return sh`${addressed} && ip link set ${bridge} up`;
}

/** The host's network: a namespace, and a cable from its eth0 to the bridge. */
export function cableLine(lab: Lab, host: LabHost): Shell {
  const { bridge } = labNames(lab.id);
  const { machine, link } = hostNames(lab.id, host.name, host.index);
  const namespace = sh`{ ip netns exec ${machine} true 2>/dev/null || { rm -f ${`/run/netns/${machine}`} && ip netns add ${machine}; }; }`;
  const cable = sh`{ ip link show dev ${link} >/dev/null 2>&1 || ip link add ${link} type veth peer name eth0 netns ${machine}; }`;
  const inside = sh`ip -n ${machine} address replace ${`${host.address}/24`} dev eth0 && ip -n ${machine} link set lo up && ip -n ${machine} link set eth0 up && ip -n ${machine} route replace default via ${gatewayOf(lab.subnet)}`;
  return sh`${namespace} && ${cable} && ${inside} && ip link set ${link} master ${bridge} up`;
}

/** Cuts the host off, or joins it again, at the bridge's end: nothing inside the host can mend it or need be alive. */
export function linkLine(lab: Lab, host: LabHost, state: 'up' | 'down'): Shell {
  return sh`ip link set ${hostNames(lab.id, host.name, host.index).link} ${state}`;
}
