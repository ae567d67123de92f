import { type Shell, sh } from '../shell/line.ts';
import { relayAddress } from './addresses.ts';
import { type MirrorServer, mirrorServers } from './mirrors.ts';
import { labNames } from './names.ts';
import type { Lab } from './types.ts';

/** A way out of the lab to one server of packages, and to nothing else. */
export interface Relay extends MirrorServer {
  /** On the bridge; the hosts know the server's name by it. */
  readonly address: string;
}

/** One address a server's name, since the hosts look names up in /etc/hosts. */
export function relaysOf(lab: Lab): readonly Relay[] {
  const servers = mirrorServers(lab.mirrors);
  const names = [...new Set(servers.map(({ host }) => host))];
  return servers.map((server) => ({
    ...server,
    address: relayAddress(lab.subnet, names.indexOf(server.host)),
  }));
}

const MAX_CONNECTIONS = 64;
/** A download that stalls this long is over. */
const IDLE_SECONDS = 300;

/** Starts the relay unless it is there; it lives in the lab's relay cgroup and ends with it. */
export function relayLine(lab: Lab, { address, host, port }: Relay, cgroups: string): Shell {
  const group = `${cgroups}/${labNames(lab.id).relayGroup}`;
  const listen = `TCP-LISTEN:${port},bind=${address},fork,reuseaddr,max-children=${MAX_CONNECTIONS}`;
  const words = ['socat', '-T', String(IDLE_SECONDS), listen, `TCP:${host}:${port}`];
  const isThere = sh`pgrep --full --exact ${words.join(' ')} >/dev/null`;
  const start = sh`echo $$ >${`${group}/cgroup.procs`} && { setsid ${words} </dev/null >/dev/null 2>&1 & }`;
  return sh`mkdir -p ${group} && { ${isThere} || { ${start}; }; }`;
}
