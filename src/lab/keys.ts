import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { OmpayError } from '../core/errors.ts';
import type { Host } from '../host/host.ts';
import { sh } from '../shell/line.ts';
import type { LabFiles } from './names.ts';
import type { SeedKeys } from './seed.ts';
import type { Lab, LabHost } from './types.ts';

const KEYGEN_MS = 30_000;

/** The key that opens the lab's hosts, and a host key each; what is there stays. Private keys are 0600, as ssh-keygen makes them. */
export async function makeKeys(machine: Host, lab: Lab, files: LabFiles): Promise<void> {
  await makeKey(machine, files.key, `ompay-lab-${lab.id}`);
  for (const { name } of lab.hosts) await makeKey(machine, files.hostKey(name), name);
}

/** ssh-keygen asks before it overwrites, and a killed one may leave one file of the two: the private key gets its name last. */
async function makeKey(machine: Host, path: string, comment: string): Promise<void> {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.part`;
  const line = sh`rm -f ${part} ${`${part}.pub`} && ssh-keygen -q -t ed25519 -N '' -C ${comment} -f ${part}`;
  const { exitCode, stderr } = await machine.exec(line, { timeoutMs: KEYGEN_MS });
  if (exitCode !== 0) {
    throw new OmpayError('commandFailed', `no key could be made at ${path}: ${stderr}`, {
      hint: `try it by hand: ssh-keygen -t ed25519 -f ${path}`,
    });
  }
  renameSync(`${part}.pub`, `${path}.pub`);
  renameSync(part, path);
}

export function seedKeys(files: LabFiles, host: LabHost): SeedKeys {
  return {
    authorized: readFileSync(`${files.key}.pub`, 'utf8'),
    hostPrivate: readFileSync(files.hostKey(host.name), 'utf8'),
    hostPublic: hostKeyOf(files, host),
  };
}

export function hostKeyOf(files: LabFiles, host: LabHost): string {
  return readFileSync(`${files.hostKey(host.name)}.pub`, 'utf8');
}
