import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { History } from '../../../check/history.ts';
import type { TeamMessage } from '../../../check/sources.ts';
import { OmpayError, systemCodeOf } from '../../../core/errors.ts';
import { readFileTail } from '../../../core/file-tail.ts';
import type { Layout, Slot } from '../../../core/layout.ts';
import { readKeptMessage } from '../../../notify/kept.ts';
import { reportsFolder } from '../../../report/write.ts';

/** The supervisor moves a log of 10 MB aside as `.1`: right after that the log itself is nearly empty. */
const PARTS = ['.1', ''];
const MAX_PART_BYTES = 10 * 1024 * 1024;

/** The newest lines of a slot's log, at least 10 MB when it wrote that many. Throws `notFound` when it wrote none. */
export function logTail(layout: Layout, slot: Slot): readonly string[] {
  const path = join(layout.logs, `${slot}.log`);
  if (!existsSync(path)) {
    throw new OmpayError('notFound', `${slot} has no log ${path}`, { hint: 'see what runs: ompay status' });
  }
  return PARTS.flatMap((part) => linesIn(`${path}${part}`));
}

function linesIn(path: string): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw new OmpayError('stateUnusable', `cannot read the log ${path} (${systemCodeOf(error)})`, {
      hint: `make it readable for this user: chmod u+r '${path}'`,
      cause: error,
    });
  }
  try {
    return readFileTail(descriptor, MAX_PART_BYTES).text.split('\n');
  } finally {
    closeSync(descriptor);
  }
}

/** What was told to the team by this run, outside one by the newest run that told anything. */
export function teamMessageOf(
  layout: Layout,
  run: string | null,
  { runs }: History,
): TeamMessage | undefined {
  const candidates = run === null ? runs.map((each) => each.run).toReversed() : [run];
  for (const candidate of candidates) {
    const message = readKeptMessage(reportsFolder(layout), candidate);
    if (message !== null) return { run: candidate, ...message };
  }
  return undefined;
}
