import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { localHost } from '../../host/local.ts';
import { assertRoot, cgroupFolder, isRunning } from '../../lab/facts.ts';
import { execLine } from '../../lab/machines.ts';
import { type Invocation, textOption } from '../command.ts';
import { currentLab, hostNamed } from '../kit/lab.ts';

const MAX_SECONDS = 3600;

export function configure(command: Command): void {
  command
    .argument('<host>', 'which, by its name in the lab')
    .argument('<words...>', 'the command, after --')
    .option('--seconds <n>', `end it after so long, 1 to ${MAX_SECONDS}`, '600');
}

/**
 * Runs a command in a host as root, also in one that is cut off, and gives its output once it has ended (at most 16 MiB).
 * The exit code is the command's own; 128 when a signal ended it.
 */
export async function run({ args, command, layout, output, signal }: Invocation): Promise<number> {
  const [name = '', ...words] = args;
  assertRoot();
  const lab = currentLab(layout);
  const host = hostNamed(lab, name);
  const timeoutMs = secondsOf(command) * 1000;
  const cgroups = cgroupFolder();
  if (!isRunning(cgroups, lab, host)) {
    throw new OmpayError('hostUnreachable', `${host.name} does not run`, { hint: 'ompay lab up' });
  }
  const line = execLine(lab, host, cgroups, words);
  const { exitCode, stdout, stderr } = await localHost().exec(line, { timeoutMs, signal });
  if (output.json) output.write(`${JSON.stringify({ host: host.name, exitCode, stdout, stderr })}\n`);
  else {
    if (stdout !== '') output.write(`${stdout}\n`);
    if (stderr !== '') process.stderr.write(`${stderr}\n`);
  }
  return exitCode ?? 128;
}

function secondsOf(command: Command): number {
  const text = textOption(command, 'seconds');
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new OmpayError(
    'usage',
    `--seconds must be a whole number from 1 to ${MAX_SECONDS}, seen ${JSON.stringify(text)}`,
    {
      hint: 'ompay lab exec web1 --seconds 60 -- apt-get update',
    },
  );
}
