import { AGENT_FILE, CURRENT_AGENT, NODE_LINK, type ReleasePlaces } from '../../core/server-layout.ts';
import { type Shell, sh } from '../../shell/line.ts';

/** Where on a host, and below which root its agent looks. */
export interface ShipPlaces extends ReleasePlaces {
  /** Empty on a server. */
  readonly root: string;
}

/** How our lines say what is wrong with what they were given; no program that they run ends so. */
export const EXIT = { notInstalled: 90, notWhole: 91, doesNotRun: 92, refused: 93 } as const;

/** What has no name yet and is older is left of a killed upload. */
const LEFTOVER_MINUTES = 60;

/** What a runtime, an agent or a release is called on a host, by its content. */
export interface Names {
  readonly runtime: string;
  readonly agent: string;
  readonly release: string;
}

/** Runs a command of an agent that is on the host. */
export function agentLine(
  places: ShipPlaces,
  agent: string,
  [command, ...words]: readonly [string, ...(readonly string[])],
): Shell {
  const folder = `${places.agents}/${agent}`;
  const root = places.root === '' ? [] : ['--root', places.root];
  return sh`${`${folder}/${NODE_LINK}`} ${`${folder}/${AGENT_FILE}`} ${[command, ...root, ...words]}`;
}

/** One answer for everything: lines of a name and a value, the release's last. It changes nothing. */
export function lookLine(places: ShipPlaces, { runtime, agent, release }: Names): Shell {
  const agentFolder = `${places.agents}/${agent}`;
  return sh`for each in ${[places.agents, places.runtimes, places.releases]}; do cd "$each" || exit ${EXIT.notInstalled}; done
echo "machine $(uname -m)"
echo "free $(stat -f -c '%a %S' .)"
echo "current $(readlink ${`${places.agents}/${CURRENT_AGENT}`})"
[ -x ${`${places.runtimes}/${runtime}/${NODE_LINK}`} ] && echo "runtime yes"
[ -f ${`${agentFolder}/${AGENT_FILE}`} ] && [ -x ${`${agentFolder}/${NODE_LINK}`} ] && echo "agent yes" || { echo "release unseen"; exit 0; }
[ -e ${`${places.releases}/${release}`} ] || { echo "release absent"; exit 0; }
said=$(${agentLine(places, agent, ['verify', release])} 2>&1) && echo "release verified" || echo "release damaged $said"`;
}

/** A folder of our own beside where the thing will be, which goes away whatever happens; and what killed uploads left. */
function partIn(folder: string, name: string): Shell {
  return sh`set -e
umask 022
cd ${folder}
find . -mindepth 1 -maxdepth 1 -name '.*.part' -mmin ${`+${LEFTOVER_MINUTES}`} -exec rm -rf {} +
part=${`.${name}`}.$$.part
trap 'rm -rf "$part"' EXIT
mkdir "$part"`;
}

/** One that is there already is damaged: it makes room. */
function settle(name: string): Shell {
  return sh`sync "$part"/*
[ ! -e ${name} ] || mv -T ${name} "$part.old.part"
mv -T "$part" ${name}
rm -rf "$part.old.part"
sync .`;
}

/** Opens the compressed binary that was put beside, proves that it is whole and that it runs here, and names it. */
export function runtimeLine(places: ShipPlaces, runtime: string, compressed: string): Shell {
  return sh`${partIn(places.runtimes, runtime)}
trap 'rm -rf "$part" '${compressed} EXIT
gzip -dc ${compressed} >"$part/node" || exit ${EXIT.notWhole}
echo ${runtime}"  $part/node" | sha256sum --check --status || exit ${EXIT.notWhole}
chmod 0755 "$part/node"
"$part/node" --version >/dev/null || exit ${EXIT.doesNotRun}
${settle(runtime)}`;
}

/** The agent comes by standard input. Its hash is told by who sends it: nothing on the host could vouch for it yet. */
export function agentUploadLine(
  places: ShipPlaces,
  { id, sha256, runtime }: { readonly id: string; readonly sha256: string; readonly runtime: string },
): Shell {
  return sh`${partIn(places.agents, id)}
base64 -d | tar -xzf - -C "$part" || exit ${EXIT.notWhole}
echo ${sha256}"  $part/"${AGENT_FILE} | sha256sum --check --status || exit ${EXIT.notWhole}
chmod 0644 "$part"/*
ln -s ${runtimeLink(runtime)} "$part/"${NODE_LINK}
${settle(id)}`;
}

/** The release comes by standard input, and has its name only once the agent has verified all of it. */
export function releaseUploadLine(places: ShipPlaces, { runtime, agent, release }: Names): Shell {
  return sh`${partIn(places.releases, release)}
base64 -d | tar -xzf - -C "$part" || exit ${EXIT.notWhole}
chmod 0644 "$part"/*
ln -s ${runtimeLink(runtime)} "$part/"${NODE_LINK}
${agentLine(places, agent, ['verify', release])} "$part" || exit ${EXIT.refused}
${settle(release)}`;
}

/** From the folder of a release or an agent. */
function runtimeLink(runtime: string): string {
  return `../../runtimes/${runtime}/${NODE_LINK}`;
}

/** Makes an agent the one in use, at once; tells the one before. */
export function useAgentLine(places: ShipPlaces, agent: string): Shell {
  return sh`set -e
cd ${places.agents}
readlink ${CURRENT_AGENT} || true
ln -sfn ${agent} ${`.${CURRENT_AGENT}`}.$$.part
mv -T ${`.${CURRENT_AGENT}`}.$$.part ${CURRENT_AGENT}
sync .`;
}
