import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';
import { journalFiles } from '../plan/journal.ts';
import { journalPublicKey } from '../plan/journal-key.ts';
import { isStale, readLock } from '../plan/lock.ts';
import { collectReport } from './collect.ts';
import { renderPage } from './page/page.ts';
import type { Language } from './page/words.ts';
import { readRun } from './read.ts';
import type { RunReport } from './types.ts';

/** Older ones go; each can be made again from the journal. */
const KEEP_REPORTS = 200;

export interface ReportPaths {
  readonly json: string;
  readonly html: string;
}

export function reportsFolder(layout: Pick<Layout, 'state'>): string {
  return join(layout.state, 'reports');
}

export function reportPaths(layout: Pick<Layout, 'state'>, run: string, language: Language): ReportPaths {
  const folder = reportsFolder(layout);
  const suffix = language === 'en' ? '.en.html' : '.html';
  return { json: join(folder, `${run}.json`), html: join(folder, `${run}${suffix}`) };
}

interface RunOfInstallation {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly run: string;
}

/** Reads one run of the journal. Throws `notFound` when it has no line, `stateUnusable` for an unreadable key. */
export async function gatherReport({ layout, clock, run }: RunOfInstallation): Promise<RunReport> {
  const files = journalFiles(layout);
  const lines = await readRun(files, run);
  if (lines.length === 0) {
    throw new OmpayError('notFound', `the journal has no run ${run}`, {
      hint: 'list the runs: ompay audit list',
    });
  }
  const { holder } = readLock(layout.lock);
  const here = { machine: hostname(), nowMs: clock.now() };
  const isRunning = holder !== null && holder.run === run && !isStale(holder, here);
  return collectReport({ lines, isRunning, key: journalPublicKey(files) ?? null });
}

/**
 * Writes RUN.json and the page (0600, each whole or not at all), and removes the oldest beyond 200 runs.
 * Throws `stateUnusable` when the disk refuses.
 */
export function keepReport(layout: Layout, report: RunReport, language: Language): ReportPaths {
  const folder = reportsFolder(layout);
  const paths = reportPaths(layout, report.run, language);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    writeFileAtomic(paths.json, `${JSON.stringify(report, null, 2)}\n`, 0o600);
    writeFileAtomic(paths.html, renderPage(report, language), 0o600);
    for (const name of staleNames(readdirSync(folder))) rmSync(join(folder, name), { force: true });
  } catch (error) {
    throw diskRefusal(error, folder) ?? error;
  }
  return paths;
}

/** What may go: the files of all but the newest runs. Messages to the team stay, as nothing can make them again. */
function staleNames(names: readonly string[]): string[] {
  const reports = names.filter((name) => /^[0-9A-Z]{26}(\.json|\.html|\.en\.html)$/.test(name));
  const runs = [...new Set(reports.map((name) => name.slice(0, 26)))].sort();
  const stale = new Set(runs.slice(0, -KEEP_REPORTS));
  return reports.filter((name) => stale.has(name.slice(0, 26)));
}

/** Whether both files of the run are there. */
export function isKept(paths: ReportPaths): boolean {
  return existsSync(paths.json) && existsSync(paths.html);
}

/**
 * The report of a run that has just ended, whatever its outcome. Never throws: a report that cannot be written is a
 * warning beside a deploy that is over. Gives the warning, or null.
 */
export async function writeReport(
  request: RunOfInstallation & { readonly language: Language },
): Promise<string | null> {
  try {
    keepReport(request.layout, await gatherReport(request), request.language);
    return null;
  } catch (error) {
    return `no report of run ${request.run}: ${messageOf(error)}; make it with: ompay report ${request.run}`;
  }
}
