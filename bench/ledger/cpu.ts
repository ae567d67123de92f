import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/PID/stat: 100 on every Linux of today (sysconf(_SC_CLK_TCK)). */
const TICKS_A_SECOND = 100;

/** CPU of this process's descendants so far, those that ended included, by what they are. */
export interface CpuMs {
  readonly api: number;
  readonly database: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

/** @param apiEntry the file that the API's processes run. */
export function cpuOfChildren(apiEntry: string): CpuMs {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf);
  const below = new Set([process.pid]);
  // A child's number is not always above its parent's, so until nothing is found any more.
  for (let before = 0; before !== below.size; ) {
    before = below.size;
    for (const { pid, parent } of stats) if (below.has(parent)) below.add(pid);
  }
  const ours = stats.filter(({ pid }) => pid !== process.pid && below.has(pid));
  const sum = (wanted: (line: string) => boolean): number =>
    ours.filter(({ pid }) => wanted(commandOf(pid))).reduce((total, { cpuMs }) => total + cpuMs, 0);
  return {
    api: sum((line) => line.includes(apiEntry)),
    database: sum((line) => !line.includes(apiEntry) && !line.includes('ledger/load.ts')),
  };
}

function statOf(name: string): readonly Stat[] {
  const text = read(`/proc/${name}/stat`);
  // The command's name is in parentheses and may hold spaces; after it come state, parent, and so on (proc(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  return text === ''
    ? []
    : [{ pid: Number(name), parent: Number(fields[1]), cpuMs: (ticks * 1000) / TICKS_A_SECOND }];
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
