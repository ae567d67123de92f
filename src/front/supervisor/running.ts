import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { livingOwner } from '../../core/ownership.ts';
import { type ProcessIdentity, startTimeOf } from '../../core/process.ts';
import type { ServiceName } from './spec.ts';

const MARKER = 'OMPAY_SERVICE';

export function pidFileOf(runFolder: string, name: ServiceName): string {
  return join(runFolder, `${name}.pid`);
}

/** In the environment of a child: how it is found when its supervisor died before it wrote the pid file. */
export function markerOf(runFolder: string, name: ServiceName): Readonly<Record<string, string>> {
  return { [MARKER]: `${runFolder}#${name}` };
}

/** The living process of a service of this installation, whoever started it. */
export function findRunning(runFolder: string, name: ServiceName): ProcessIdentity | undefined {
  return livingOwner(pidFileOf(runFolder, name)) ?? findMarked(`${MARKER}=${runFolder}#${name}`);
}

/** Undefined when there is none, or no /proc. */
function findMarked(wanted: string): ProcessIdentity | undefined {
  for (const name of processFolders()) {
    if (!environmentOf(name).includes(wanted)) continue;
    const pid = Number(name);
    const startTime = startTimeOf(pid);
    if (startTime !== undefined) return { pid, startTime };
  }
  return undefined;
}

function processFolders(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Empty for processes of others: their environment cannot be read. */
function environmentOf(name: string): string[] {
  try {
    return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
