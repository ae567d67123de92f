import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { localHost } from '../../src/host/local.ts';
import { jobNamed } from '../../src/schedule/job.ts';
import { type JobRecord, metricsOf, NEVER_RUN, readRecord } from '../../src/schedule/record.ts';
import { type JobKit, runJob } from '../../src/schedule/run-job.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 2, 0, 5);

/** A program that notes its words, and ends as a script says. */
function kitOf(script: string, parts: Partial<JobKit> = {}): JobKit & { readonly folder: string } {
  const folder = temporaryFolder();
  const program = join(folder, 'ompay');
  writeFileSync(program, `#!/bin/sh\necho "$*" >> ${folder}/words\n${script}\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(folder, 'metrics'));
  return {
    folder,
    place: {
      layout: { state: join(folder, '.ompay') },
      environment: 'staging',
      job: jobNamed('backup-full'),
    },
    host: localHost(),
    clock: { ...systemClock, now: () => NOW_MS },
    program,
    root: folder,
    metricsFolder: join(folder, 'metrics'),
    signal: new AbortController().signal,
    tell: () => {},
    ...parts,
  };
}

function seen({ folder, place }: ReturnType<typeof kitOf>): {
  record: JobRecord | undefined;
  metrics: string;
} {
  const metrics = readFileSync(join(folder, 'metrics/ompay_job_staging_backup-full.prom'), 'utf8');
  return { record: readRecord(place), metrics };
}

test('a job that ends well runs each command, and its metric says when', async () => {
  const kit = kitOf('exit 0');
  expect(await runJob(kit)).toBe(0);
  expect(readFileSync(join(kit.folder, 'words'), 'utf8')).toBe(
    `-C ${kit.folder} backup create -e staging\n-C ${kit.folder} backup create --kind files -e staging\n-C ${kit.folder} backup prune -e staging\n`,
  );
  const { record, metrics } = seen(kit);
  expect(record).toMatchObject({ lastSuccessAtMs: NOW_MS, lastRunAtMs: NOW_MS, lastExitCode: 0 });
  expect(metrics).toContain(
    `ompay_job_last_success_timestamp_seconds{job="backup-full",environment="staging"} ${NOW_MS / 1000}\n`,
  );
  expect(statSync(join(kit.folder, 'metrics/ompay_job_staging_backup-full.prom')).mode & 0o777).toBe(0o644);
});

test('the hourly look writes its figures beside the metric of the job', async () => {
  const kit = kitOf('exit 0');
  const hourly = { ...kit, place: { ...kit.place, job: jobNamed('log-check') } };
  expect(await runJob(hourly)).toBe(0);
  expect(readFileSync(join(kit.folder, 'words'), 'utf8')).toBe(
    `-C ${kit.folder} backup status --tell --prometheus ${kit.folder}/metrics/ompay_backup_staging.prom -e staging\n`,
  );
});

test('a job that fails stops there, and keeps when it last was well', async () => {
  const kit = kitOf(`test -e ${'$0'}.broken && exit 7; exit 0`);
  await runJob(kit);
  writeFileSync(`${kit.program}.broken`, '');
  const told: string[] = [];
  const later = {
    ...kit,
    clock: { ...kit.clock, now: () => NOW_MS + 86_400_000 },
    tell: () => told.push('said'),
  };
  expect(await runJob(later)).toBe(7);
  expect(told).toHaveLength(1);
  const { record, metrics } = seen(kit);
  expect(record).toMatchObject({
    lastSuccessAtMs: NOW_MS,
    lastRunAtMs: NOW_MS + 86_400_000,
    lastExitCode: 7,
  });
  expect(metrics).toContain('ompay_job_last_exit_code{job="backup-full",environment="staging"} 7\n');
});

test('an interrupted job is recorded too, and does not run on', async () => {
  const stop = new AbortController();
  const kit = kitOf(`touch ${'$0'}.began; exec sleep 600`, { signal: stop.signal });
  const running = ompayErrorOf(() => runJob(kit));
  while (!existsSync(`${kit.program}.began`)) await systemClock.sleep(10);
  stop.abort(new OmpayError('interrupted', 'SIGTERM', { hint: 'none' }));
  expect((await running).code).toBe('interrupted');
  expect(seen(kit).record).toMatchObject({ lastSuccessAtMs: 0, lastExitCode: 130 });
});

test('while the lock is held it is tried again, for an hour', async () => {
  const waits: number[] = [];
  const clock = {
    now: () => NOW_MS,
    monotonicMs: () => waits.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms: number) => {
      waits.push(ms);
    },
  };
  const kit = kitOf(`test $(wc -l < ${'$(dirname $0)'}/words) -lt 3 && exit 4; exit 0`, { clock });
  expect(await runJob(kit)).toBe(0);
  expect(waits).toEqual([15_000, 15_000]);
  const held = kitOf('exit 4', { clock: { ...clock, sleep: async () => void waits.push(1_900_000) } });
  expect(await runJob(held)).toBe(4);
  expect(waits).toHaveLength(4);
});

test('what runs already is not begun a second time, and its record is its own', async () => {
  const kit = kitOf('exit 0');
  const other = join(kit.folder, '.ompay/schedule/staging');
  mkdirSync(other, { recursive: true });
  // The process that runs these tests' own parent is another that lives.
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(other, 'backup-full.owner'), JSON.stringify({ pid: process.ppid, startTime }));
  expect((await ompayErrorOf(() => runJob(kit))).code).toBe('lockHeld');
  expect(readRecord(kit.place)).toBeUndefined();
});

test('overdue is counted from the last success, else from the installation', () => {
  const job = jobNamed('log-check');
  const due = (record: Partial<JobRecord>): string =>
    metricsOf({ environment: 'e', job }, { ...NEVER_RUN, ...record })
      .trimEnd()
      .split(' ')
      .at(-1) ?? '';
  expect(due({ installedAtMs: 1_000_000 })).toBe(String(1000 + 7200));
  expect(due({ installedAtMs: 1_000_000, lastSuccessAtMs: 5_000_000, lastRunAtMs: 9_000_000 })).toBe('12200');
});
