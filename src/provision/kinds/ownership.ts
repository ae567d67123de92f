import { type Shell, sh } from '../../shell/line.ts';
import type { Ownership } from '../resource.ts';

/** What `stat` says of a path. */
export interface Stat extends Ownership {
  readonly type: string;
}

const FIELDS = 6;

/** Prints a line for each path that is there, its fields apart by tabs; a path may hold anything but a tab or a newline. */
export function statLines(paths: readonly string[]): Shell {
  return sh`stat -c '%n\t%F\t%a\t%U\t%G\t.' -- ${paths} 2>/dev/null`;
}

export function readStats(printed: string): ReadonlyMap<string, Stat> {
  const stats = new Map<string, Stat>();
  for (const line of printed.split('\n')) {
    const fields = line.split('\t');
    const [path, type, mode, owner, group] = fields;
    if (fields.length !== FIELDS || path === undefined || mode === undefined) continue;
    stats.set(path, {
      type: type ?? '',
      mode: Number.parseInt(mode, 8),
      owner: owner ?? '',
      group: group ?? '',
    });
  }
  return stats;
}

/** `mode 0644 → 0600, owner root → ompay`; empty when nothing differs. */
export function ownershipDifference(declared: Ownership, seen: Ownership): string {
  const differences = [
    ...(declared.mode === seen.mode ? [] : [`mode ${octal(seen.mode)} → ${octal(declared.mode)}`]),
    ...(declared.owner === seen.owner ? [] : [`owner ${seen.owner} → ${declared.owner}`]),
    ...(declared.group === seen.group ? [] : [`group ${seen.group} → ${declared.group}`]),
  ];
  return differences.join(', ');
}

export function setOwnership(path: string, { owner, group, mode }: Ownership): Shell {
  return sh`chown ${`${owner}:${group}`} ${path} && chmod ${octal(mode)} ${path}`;
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
