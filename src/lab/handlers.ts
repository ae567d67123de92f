import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';
import { withMutex } from '../core/mutex.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../plan/act.ts';
import type { JsonObject } from '../plan/plan.ts';
import { makeDisk } from './disks.ts';
import { environmentText, knownHostsText, sshConfigText } from './environment.ts';
import { cgroupFolder, chosenSubnets, foundLabs, orphans, ownerPath, usedSubnets } from './facts.ts';
import { hostKeyOf, makeKeys, seedKeys } from './keys.ts';
import { LABS_FOLDER, labFiles, labId, labNames } from './names.ts';
import { recordText } from './record.ts';
import { removeLine } from './remove.ts';
import { seedFiles } from './seed.ts';
import { waitForSsh } from './ssh-wait.ts';
import type { Lab, LabHost } from './types.ts';

const MUTEX = join(LABS_FOLDER, 'mutex');
const MUTEX_TIMEOUT_MS = 5000;
const REMOVE_MS = 120_000;

/** The work of `lab up` and `lab down` that a shell line cannot say. */
export function labHandlers(layout: Layout, lab: Lab): Handlers {
  const files = labFiles(layout);
  return {
    'lab.keep': async (_input, { host }) => {
      await keep(host, layout, lab);
      return {};
    },
    'lab.keys': async (_input, { host }) => {
      await makeKeys(host, lab, files);
      return {};
    },
    'lab.disk': async (input, { host, signal }) => {
      const wanted = hostIn(lab, input);
      await makeDisk(
        host,
        { lab, host: wanted, seed: seedFiles(lab, wanted, seedKeys(files, wanted)) },
        signal,
      );
      return {};
    },
    'lab.ssh': async (input, { clock, signal }) => ({
      waitedMs: await waitForSsh(lab, hostIn(lab, input), { limitMs: Number(input.limitMs), clock, signal }),
    }),
    'lab.describe': async () => {
      const keys = Object.fromEntries(lab.hosts.map((host) => [host.name, hostKeyOf(files, host)]));
      writeFileAtomic(files.knownHosts, knownHostsText(lab, keys), 0o600);
      writeFileAtomic(files.sshConfig, sshConfigText(lab, files), 0o600);
      writeFileAtomic(files.environment, environmentText(lab, files), 0o600);
      return { environment: files.environment };
    },
    'lab.sweep': (_input, { host }) => sweep(host, layout),
    ...removalHandlers(layout),
  };
}

/** The machine's part goes first: what the installation has forgotten counts as a leftover. */
export function removalHandlers(layout: Layout): Handlers {
  return {
    'lab.remove': async (_input, { host }) => {
      await removeLab(host, labId(layout));
      rmSync(labFiles(layout).folder, { recursive: true, force: true });
      return {};
    },
  };
}

/**
 * Looks again under the lock that those who begin a lab take, so that one that begins is not taken for a leftover. What
 * cannot be removed is told, and keeps no other lab from being made: the next `up` tries again.
 */
async function sweep(machine: Host, layout: Layout): Promise<JsonObject> {
  mkdirSync(LABS_FOLDER, { recursive: true, mode: 0o755 });
  const ids = withMutex(MUTEX, MUTEX_TIMEOUT_MS, () => orphans(foundLabs(cgroupFolder()), layout));
  const stayed: string[] = [];
  for (const id of ids) {
    await removeLab(machine, id).catch((error: unknown) => {
      if (!(error instanceof OmpayError)) throw error;
      stayed.push(`${id}: ${error.message}`);
    });
  }
  const shown = stayed.length === 0 ? `removed ${ids.join(', ')}` : `could not remove ${stayed.join('; ')}`;
  return { swept: ids, stayed, shown };
}

function hostIn(lab: Lab, input: JsonObject): LabHost {
  const host = lab.hosts.find(({ name }) => name === input.host);
  if (host === undefined) throw new TypeError(`the lab has no host ${String(input.host)}`);
  return host;
}

/**
 * Writes the lab down before anything of it is made, first in the installation: a lab that no installation knows is taken
 * for a leftover. The subnet is looked at again, as another lab may have begun since. Throws `lockHeld` when it did.
 */
async function keep(machine: Host, layout: Layout, lab: Lab): Promise<void> {
  const files = labFiles(layout);
  const { folder } = labNames(lab.id);
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  mkdirSync(LABS_FOLDER, { recursive: true, mode: 0o755 });
  const used = await usedSubnets(machine);
  writeFileAtomic(files.record, recordText(lab), 0o600);
  withMutex(MUTEX, MUTEX_TIMEOUT_MS, () => {
    const path = join(folder, 'subnet');
    if (!existsSync(path) && (used.has(lab.subnet) || chosenSubnets().includes(lab.subnet))) {
      throw new OmpayError('lockHeld', `another lab has just taken 10.77.${lab.subnet}.0/24`, {
        hint: 'run the same command again: it chooses another',
      });
    }
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    writeFileAtomic(ownerPath(lab.id), `${layout.state}\n`, 0o644);
    writeFileAtomic(path, `${lab.subnet}\n`, 0o644);
  });
}

/** Ends all that carries the lab's names. Throws `commandFailed` when something of it stays. */
async function removeLab(machine: Host, id: string): Promise<void> {
  const line = removeLine(labNames(id), cgroupFolder());
  const { exitCode, stderr } = await machine.exec(line, { timeoutMs: REMOVE_MS });
  if (exitCode === 0) return;
  throw new OmpayError('commandFailed', `the lab ${id} was not removed whole: ${stderr.slice(-500)}`, {
    hint: 'run it again: ompay lab down',
  });
}
