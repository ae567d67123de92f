import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupFolder, isRunning } from './facts.ts';
import { hostNames } from './names.ts';
import { sshAnswers } from './ssh-answer.ts';
import type { Lab, LabHost } from './types.ts';

export interface HostState {
  readonly name: string;
  readonly address: string;
  readonly distribution: string;
  /** `silent`: it runs, and its sshd does not answer (yet). */
  readonly state: 'up' | 'silent' | 'cut' | 'stopped';
  readonly ssh: boolean;
}

const SSH_TIMEOUT_MS = 2000;

/** Looks at all hosts at once. */
export function hostStates(lab: Lab): Promise<readonly HostState[]> {
  return Promise.all(lab.hosts.map((host) => hostState(lab, host)));
}

async function hostState(lab: Lab, host: LabHost): Promise<HostState> {
  const { name, address, distribution } = host;
  const ssh = await sshAnswers(address, SSH_TIMEOUT_MS);
  return { name, address, distribution, ssh, state: wordFor(lab, host, ssh) };
}

function wordFor(lab: Lab, host: LabHost, ssh: boolean): HostState['state'] {
  if (!isRunning(cgroupFolder(), lab, host)) return 'stopped';
  if (isCut(lab, host)) return 'cut';
  return ssh ? 'up' : 'silent';
}

/** IFF_UP (linux/if.h) of the cable's end at the bridge. */
const IFF_UP = 1;

function isCut(lab: Lab, { name, index }: LabHost): boolean {
  const flags = join('/sys/class/net', hostNames(lab.id, name, index).link, 'flags');
  return !existsSync(flags) || (Number(readFileSync(flags, 'utf8')) & IFF_UP) === 0;
}
