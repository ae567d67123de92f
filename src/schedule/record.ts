import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { readJson } from '../core/json.ts';
import type { Layout } from '../core/layout.ts';
import type { Job } from './job.ts';

/** How a job's last run ended, and when it last ended well. Epoch milliseconds; 0: never. */
export interface JobRecord {
  readonly installedAtMs: number;
  readonly lastRunAtMs: number;
  readonly lastSuccessAtMs: number;
  readonly lastDurationMs: number;
  readonly lastExitCode: number;
}

export const NEVER_RUN: JobRecord = {
  installedAtMs: 0,
  lastRunAtMs: 0,
  lastSuccessAtMs: 0,
  lastDurationMs: 0,
  lastExitCode: 0,
};

/** One job of one environment. */
export interface JobPlace {
  readonly layout: Pick<Layout, 'state'>;
  readonly environment: string;
  readonly job: Job;
}

export function jobFolder({ layout, environment }: Omit<JobPlace, 'job'>): string {
  return join(layout.state, 'schedule', environment);
}

/** A run that ended. */
export interface JobRun {
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly exitCode: number;
}

/** Pure. */
export function recordAfter(before: JobRecord, { endedAtMs, durationMs, exitCode }: JobRun): JobRecord {
  return {
    ...before,
    lastRunAtMs: endedAtMs,
    lastSuccessAtMs: exitCode === 0 ? endedAtMs : before.lastSuccessAtMs,
    lastDurationMs: Math.round(durationMs),
    lastExitCode: exitCode,
  };
}

/** Undefined when it was neither installed nor run. Throws `stateUnusable` for a file that cannot be read. */
export function readRecord(place: JobPlace): JobRecord | undefined {
  const path = pathOf(place);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw diskRefusal(error, path) ?? error;
  }
  const record = readJson(bytes, { what: path, code: 'stateUnusable', hint: `remove it: rm '${path}'` });
  return {
    installedAtMs: record.whole('installedAtMs'),
    lastRunAtMs: record.whole('lastRunAtMs'),
    lastSuccessAtMs: record.whole('lastSuccessAtMs'),
    lastDurationMs: record.whole('lastDurationMs'),
    lastExitCode: record.whole('lastExitCode'),
  };
}

/**
 * Keeps it, and tells Prometheus by way of node_exporter's textfile collector, whose files must be whole at any moment.
 * Throws `stateUnusable` when a disk refuses.
 */
export function keepRecord(place: JobPlace, record: JobRecord, metricsFolder: string | null): void {
  const path = pathOf(place);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomic(path, `${JSON.stringify(record)}\n`, 0o600);
    if (metricsFolder === null) return;
    const name = `ompay_job_${place.environment}_${place.job.name}.prom`;
    writeFileAtomic(join(metricsFolder, name), metricsOf(place, record), 0o644);
  } catch (error) {
    throw diskRefusal(error, metricsFolder ?? path) ?? error;
  }
}

/**
 * Pure. Prometheus' text format. `due` is what a dead man's switch watches: `time() > ompay_job_due_timestamp_seconds`,
 * whether the job failed, was never begun, or its machine is gone.
 */
export function metricsOf({ environment, job }: Omit<JobPlace, 'layout'>, record: JobRecord): string {
  const since = Math.max(record.installedAtMs, record.lastSuccessAtMs);
  const due = since === 0 ? 0 : since / 1000 + job.maxAgeSeconds;
  const gauges: readonly (readonly [string, string, number])[] = [
    [
      'last_success_timestamp_seconds',
      'When the job last ended well; 0: never.',
      record.lastSuccessAtMs / 1000,
    ],
    ['last_run_timestamp_seconds', 'When the job last ended; 0: never.', record.lastRunAtMs / 1000],
    ['last_duration_seconds', 'How long its last run took.', record.lastDurationMs / 1000],
    ['last_exit_code', 'What its last run ended with; 0 is well.', record.lastExitCode],
    ['due_timestamp_seconds', 'When its next success is overdue.', due],
  ];
  return gauges
    .map(([name, help, value]) => {
      const metric = `ompay_job_${name}`;
      const labels = `{job="${job.name}",environment="${environment}"}`;
      return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${metric}${labels} ${value}\n`;
    })
    .join('');
}

function pathOf(place: JobPlace): string {
  return join(jobFolder(place), `${place.job.name}.json`);
}
