import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { commandOf } from './place.ts';

const SAMPLE_EVERY_MS = 100;

/** Proportional set size (proc(5), smaps_rollup), MB of 10^6 bytes, each at its own worst moment. */
export interface PeakMemory {
  readonly totalMb: number;
  readonly programMb: number;
  /** Of the servers that the program starts. */
  readonly mysqldMb: number;
  readonly samples: number;
}

/** Looks at a process and all below it until it has ended. */
export async function peakMemoryOf(child: ChildProcess): Promise<PeakMemory> {
  const { pid = 0 } = child;
  const peak = { totalMb: 0, programMb: 0, mysqldMb: 0, samples: 0 };
  while (child.exitCode === null && child.signalCode === null) {
    const seen = [pid, ...below(pid)].map((each) => {
      // Before its memory: one that is just ending has no words any more.
      const isServer = isMysqld(commandOf(each));
      return { isServer, mb: proportionalMb(each) };
    });
    const sumOf = (wanted: boolean): number =>
      seen.reduce((sum, { mb, isServer }) => (isServer === wanted ? sum + mb : sum), 0);
    const [programMb, mysqldMb] = [sumOf(false), sumOf(true)];
    peak.programMb = Math.max(peak.programMb, programMb);
    peak.mysqldMb = Math.max(peak.mysqldMb, mysqldMb);
    peak.totalMb = Math.max(peak.totalMb, programMb + mysqldMb);
    peak.samples += 1;
    await systemClock.sleep(SAMPLE_EVERY_MS);
  }
  return peak;
}

function isMysqld(command: string): boolean {
  return command.includes('mysqld\0');
}

/** Any thread of a process may have started children; a server's many have none. */
function below(pid: number): readonly number[] {
  if (isMysqld(commandOf(pid))) return [];
  const children = listed(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...below(child)]);
}

function proportionalMb(pid: number): number {
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? '0';
  return (Number(kibibytes) * 1024) / 1e6;
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It has just ended.
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
