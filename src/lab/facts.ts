import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import type { Host } from '../host/host.ts';
import { sh } from '../shell/line.ts';
import { subnetsIn } from './addresses.ts';
import { baseFolder } from './base.ts';
import { type AptSource, readSourcesList, readSourcesStanzas } from './mirrors.ts';
import { hostNames, LABS_FOLDER, labFiles, labIdOf } from './names.ts';
import { type Distribution, distributionsOf, type Lab, type LabHost } from './types.ts';

const LOOK_MS = 10_000;

/** The programs that a lab needs, and Debian's package of each. */
const PACKAGE_BY_PROGRAM: Readonly<Record<string, string>> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  socat: 'socat',
  'ssh-keygen': 'openssh-client',
  pgrep: 'procps',
  setsid: 'util-linux',
};

/** Throws `preflightFailed` unless this is Linux and root. */
export function assertRoot(): void {
  if (process.platform !== 'linux')
    throw unfit(`a lab needs Linux, and this is ${process.platform}`, 'use a Linux machine');
  if (process.getuid?.() !== 0)
    throw unfit(`a lab needs root, and this is user ${process.getuid?.()}`, 'run the same command with sudo');
}

/** Refuses a machine that cannot hold a lab. Throws `preflightFailed` with the one line that mends it. */
export async function assertMachine(host: Host): Promise<void> {
  assertRoot();
  const absent: string[] = [];
  for (const program of Object.keys(PACKAGE_BY_PROGRAM)) {
    const found = await host.exec(sh`command -v ${program}`, { timeoutMs: LOOK_MS });
    if (found.exitCode !== 0) absent.push(program);
  }
  if (absent.some((program) => existsSync(join('/usr/sbin', program))))
    throw unfit('/usr/sbin is not in PATH', 'export PATH="/usr/sbin:/sbin:$PATH"');
  if (absent.length > 0) {
    const packages = absent.map((program) => PACKAGE_BY_PROGRAM[program]).join(' ');
    throw unfit(
      `programs are missing: ${absent.join(', ')}`,
      `apt-get install -y --no-install-recommends ${packages}`,
    );
  }
  assertKernel();
  cgroupFolder();
}

function unfit(message: string, hint: string): OmpayError {
  return new OmpayError('preflightFailed', message, { hint });
}

/** Of Linux: cgroup.kill, which ends a host at once. */
const OLDEST_KERNEL = { major: 5, minor: 14 };

function assertKernel(): void {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const isOld = major < OLDEST_KERNEL.major || (major === OLDEST_KERNEL.major && minor < OLDEST_KERNEL.minor);
  if (isOld) throw unfit(`a lab needs Linux 5.14, and this is ${release()}`, 'use a newer kernel');
}

/** Where cgroup v2 is: alone, or beside v1. Throws `preflightFailed` where it is not. */
export function cgroupFolder(): string {
  const folder = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((each) =>
    existsSync(join(each, 'cgroup.controllers')),
  );
  if (folder === undefined)
    throw unfit('cgroup v2 is not mounted on this machine', 'mount -t cgroup2 none /sys/fs/cgroup/unified');
  return folder;
}

/** Every lab that has left a name on this machine, and the installation that it belongs to, where that is known. */
export interface FoundLab {
  readonly id: string;
  /** Undefined when nothing says it. */
  readonly layoutState: string | undefined;
}

export function foundLabs(cgroups: string): readonly FoundLab[] {
  const named = [cgroups, '/run/netns', '/sys/class/net']
    .flatMap(namesIn)
    .flatMap((name) => labIdOf(name) ?? []);
  const kept = namesIn(LABS_FOLDER).filter((name) => /^[0-9a-f]{6}$/.test(name));
  return [...new Set([...named, ...kept])].map((id) => ({ id, layoutState: stateOf(id) }));
}

/** Labs whose installation is gone, or has forgotten them: nobody can end them any more. */
export function orphans(found: readonly FoundLab[], layout: Layout): readonly string[] {
  return found
    .filter(({ layoutState }) => layoutState !== layout.state)
    .filter(
      ({ layoutState }) => layoutState === undefined || !existsSync(join(layoutState, 'lab', 'lab.json')),
    )
    .map(({ id }) => id);
}

export function ownerPath(id: string): string {
  return join(LABS_FOLDER, id, 'installation');
}

function stateOf(id: string): string | undefined {
  return existsSync(ownerPath(id)) ? readFileSync(ownerPath(id), 'utf8').trim() : undefined;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Subnets that this machine's interfaces and routes use. */
export async function usedSubnets(host: Host): Promise<ReadonlySet<number>> {
  const { stdout } = await host.exec(sh`ip -4 -oneline address show; ip -4 route show table all`, {
    timeoutMs: LOOK_MS,
  });
  return subnetsIn(stdout);
}

/** Subnets that labs have chosen, whether they run at the moment or not. */
export function chosenSubnets(): readonly number[] {
  return namesIn(LABS_FOLDER).flatMap((id) => {
    const path = join(LABS_FOLDER, id, 'subnet');
    return existsSync(path) ? [Number(readFileSync(path, 'utf8'))] : [];
  });
}

const APT_FOLDER = '/etc/apt';

export function aptSources(): readonly AptSource[] {
  const parts = join(APT_FOLDER, 'sources.list.d');
  const paths = [join(APT_FOLDER, 'sources.list'), ...namesIn(parts).map((name) => join(parts, name))];
  return paths
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      if (path.endsWith('.list')) return readSourcesList(text);
      return path.endsWith('.sources') ? readSourcesStanzas(text) : [];
    });
}

/** What is there of a lab. */
export interface LabFacts {
  readonly cgroups: string;
  /** Of the distributions that its hosts are made of. */
  readonly missingBases: readonly Distribution[];
  /** The names of hosts whose init lives. */
  readonly running: ReadonlySet<string>;
  /** Whether it was whole once. */
  readonly isDescribed: boolean;
  /** Ids of labs that nobody can end any more. */
  readonly orphans: readonly string[];
}

export function labFacts(layout: Layout, lab: Lab): LabFacts {
  const cgroups = cgroupFolder();
  const running = lab.hosts.filter((host) => isRunning(cgroups, lab, host));
  return {
    cgroups,
    missingBases: distributionsOf(lab).filter((each) => !existsSync(baseFolder(each))),
    running: new Set(running.map(({ name }) => name)),
    isDescribed: existsSync(labFiles(layout).environment),
    orphans: orphans(foundLabs(cgroups), layout),
  };
}

/** Whether a process of the host lives. */
export function isRunning(cgroups: string, lab: Lab, { name, index }: LabHost): boolean {
  const events = join(cgroups, hostNames(lab.id, name, index).machine, 'cgroup.events');
  return existsSync(events) && readFileSync(events, 'utf8').includes('populated 1');
}
