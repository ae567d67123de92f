import { readFileSync } from 'node:fs';

/** A process that is not mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start (proc(5), stat field 22); empty where /proc is absent. */
  readonly startTime: string;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
}

/** Whether this very process still runs. A zombie counts as ended: it does nothing any more. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it runs under another user. Anything else: no such process.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const startTime = startTimeOf(identity.pid);
  if (startTime === undefined) return process.platform !== 'linux';
  return identity.startTime === '' || startTime === identity.startTime;
}

/** The start time of a living process, undefined when it ended, is a zombie, or /proc is absent. */
export function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name (field 2) is in parentheses and may hold spaces and parentheses: fields are counted after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}
