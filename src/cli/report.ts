import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { localHost } from '../host/local.ts';
import { journalFiles } from '../plan/journal.ts';
import { renderPage } from '../report/page/page.ts';
import type { Language } from '../report/page/words.ts';
import { findRun, lastReleasing, listRuns } from '../report/read.ts';
import { summaryLines } from '../report/summary.ts';
import type { RunReport } from '../report/types.ts';
import { gatherReport, isKept, keepReport, reportPaths } from '../report/write.ts';
import { sh } from '../shell/line.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { tellOfRun } from './kit/notify.ts';

export function configure(command: Command): void {
  command
    .argument('[run]', 'its id or the beginning of it (default: the newest deploy or rollback)')
    .option('--last', 'the newest deploy or rollback')
    .option('--html <path>', 'write the page to PATH, anew')
    .option('--english', 'in English (default: in French)')
    .option('--tell', 'tell the team of this run (again), as its deploy did')
    .option('--open', 'show the page in the browser');
}

/** Shows the record of one run, and makes its files when they are missing. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const heads = await listRuns(journalFiles(layout));
  const [wanted] = invocation.args;
  if (wanted !== undefined && hasOption(command, 'last')) {
    throw new OmpayError('usage', `--last and the run ${JSON.stringify(wanted)} are both given`, {
      hint: `ompay report ${wanted}`,
    });
  }
  const head = wanted === undefined ? lastReleasing(heads) : findRun(heads, wanted);
  const report = await gatherReport({ layout, clock, run: head.run });
  const language: Language = hasOption(command, 'english') ? 'en' : 'fr';
  const page = pageOf(invocation, report, language);
  if (output.json) output.write(`${JSON.stringify(report)}\n`);
  else output.write(`${[...summaryLines(report, language), ...(page === null ? [] : [page])].join('\n')}\n`);
  if (hasOption(command, 'tell')) await tell(invocation, head.run);
  if (hasOption(command, 'open') && page !== null) await open(invocation, page);
  return 0;
}

/** Where the page is: where it was wanted, else beside the journal. A run that still goes has none yet. */
function pageOf({ command, layout }: Invocation, report: RunReport, language: Language): string | null {
  const wanted = textOption(command, 'html');
  if (wanted !== undefined) return writePage(resolve(wanted), renderPage(report, language));
  const paths = reportPaths(layout, report.run, language);
  if (isKept(paths)) return paths.html;
  return report.outcome === 'running' ? null : keepReport(layout, report, language).html;
}

function writePage(path: string, page: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic(path, page, 0o600);
  } catch (error) {
    throw diskRefusal(error, path) ?? unusablePath(error, path) ?? error;
  }
  return path;
}

/** A folder, or a place where no file can be. */
function unusablePath(error: unknown, path: string): OmpayError | undefined {
  const code = systemCodeOf(error);
  if (code === undefined) return undefined;
  return new OmpayError('usage', `--html ${JSON.stringify(path)} cannot be written (${code})`, {
    hint: 'ompay report --html report.html',
    cause: error,
  });
}

/** Says on stderr how it went: stdout is the report. Throws `commandFailed` when no channel took the message. */
async function tell({ clock, layout, signal }: Invocation, run: string): Promise<void> {
  const { state, shown } = await tellOfRun({ layout, clock, run, signal });
  if (state === 'delivered') {
    process.stderr.write(`${String(shown)}\n`);
    return;
  }
  throw new OmpayError('commandFailed', String(shown), {
    hint: 'see docs/report.md for TEAM_WEBHOOK_URL and TEAM_MAIL_TO, then ompay report --tell',
  });
}

/** Where there is no display, or nothing to open it with, the path was said and that is enough. */
async function open({ environment, signal }: Invocation, page: string): Promise<void> {
  const hasDisplay = Boolean(environment.DISPLAY) || Boolean(environment.WAYLAND_DISPLAY);
  const opened = hasDisplay
    ? await localHost().exec(sh`xdg-open ${page}`, { timeoutMs: 10_000, signal })
    : null;
  if (opened?.exitCode === 0) return;
  const why = hasDisplay ? 'xdg-open did not open it' : 'there is no display here';
  process.stderr.write(`${why}: open ${page} in a browser\n`);
}
