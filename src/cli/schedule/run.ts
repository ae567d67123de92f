import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { localHost } from '../../host/local.ts';
import { isJobName, JOB_NAMES, type Job, jobNamed } from '../../schedule/job.ts';
import { runJob } from '../../schedule/run-job.ts';
import { type Invocation, textOption } from '../command.ts';
import { environmentOption } from '../kit/environment.ts';
import { metricsFolder, scheduledEnvironment } from '../kit/schedule.ts';

const MAX_DELAY_SECONDS = 3600;

export function configure(command: Command): void {
  environmentOption(command)
    .argument('<job>', JOB_NAMES.join(', '))
    .option('--metrics <folder>', "where node_exporter's textfile collector reads")
    .option('--delay <seconds>', 'begin up to so much later, each time another');
}

/** Exit with what the job's commands ended with. How it ended is recorded, whatever it was. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output, programRoot, signal } = invocation;
  const environment = scheduledEnvironment(invocation);
  const kit = {
    place: { layout, environment, job: jobOf(invocation) },
    host: localHost(),
    clock,
    program: join(programRoot, 'bin/ompay'),
    root: layout.root,
    metricsFolder: metricsFolder(invocation),
    signal,
    tell: (said: { readonly stdout: string; readonly stderr: string }) => {
      output.write(said.stdout);
      process.stderr.write(said.stderr);
    },
  };
  await clock.sleep(delayMs(command), signal);
  return runJob(kit);
}

function jobOf({ args }: Invocation): Job {
  const [name = ''] = args;
  if (isJobName(name)) return jobNamed(name);
  throw new OmpayError(
    'usage',
    `there is no job ${JSON.stringify(name)}; there are ${JOB_NAMES.join(', ')}`,
    {
      hint: 'ompay schedule list',
    },
  );
}

function delayMs(command: Command): number {
  const text = textOption(command, 'delay');
  if (text === undefined) return 0;
  const most = Number(text);
  if (/^\d+$/.test(text) && most <= MAX_DELAY_SECONDS) return randomInt(0, most * 1000 + 1);
  throw new OmpayError('usage', `--delay must be 0 to ${MAX_DELAY_SECONDS}, seen ${JSON.stringify(text)}`, {
    hint: 'ompay schedule run backup-full --delay 600',
  });
}
