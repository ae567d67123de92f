import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessIdentity, startTimeOf } from '../../core/process.ts';

/** In the environment of every child: how it is found when its supervisor died before it wrote the pid file. */
export const MARKER = 'OMPAY_SERVICE';

/** The living process of this user with the marker's value; undefined when there is none, or no /proc. */
export function findMarked(value: string): ProcessIdentity | undefined {
  const wanted = `${MARKER}=${value}`;
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
