import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Host } from '../host/host.ts';
import { type Shell, sh } from '../shell/line.ts';
import { type PresentFile, planSchedule, type SchedulePlan } from './plan.ts';
import type { WantedFile } from './wanted.ts';

const OURS = /^ompay-/;
const MAX_FILE_BYTES = 64 * 1024;
/** The receiver has a minute to end (TimeoutStopSec). */
const SYSTEMCTL_TIMEOUT_MS = 90_000;

/** Files of ours, and of others whose names begin alike. A folder that is not there has none. */
export function presentFiles(folder: string): readonly PresentFile[] {
  return namesIn(folder)
    .filter((name) => OURS.test(name))
    .flatMap((name) => {
      const content = textOf(join(folder, name));
      return content === undefined ? [] : [{ name, content }];
    });
}

/** What is to be done there. Throws `alreadyExists` where another made a file of such a name. */
export function planOf(folder: string, wanted: readonly WantedFile[], mark: string): SchedulePlan {
  const plan = planSchedule(wanted, presentFiles(folder), mark);
  const [foreign] = plan.foreign;
  if (foreign === undefined) return plan;
  throw new OmpayError(
    'alreadyExists',
    `${join(folder, foreign)} was made by another installation or by hand`,
    {
      hint: `look at it, then remove it: cat '${join(folder, foreign)}'`,
    },
  );
}

/** Writes and removes whole files. Throws `stateUnusable` when the folder cannot be written. */
export function applyFiles(folder: string, { changes }: SchedulePlan): void {
  try {
    for (const each of changes) {
      const path = join(folder, each.name);
      if (each.change === 'write') writeFileAtomic(path, each.content, 0o644);
      else rmSync(path, { force: true });
    }
  } catch (error) {
    throw diskRefusal(error, folder) ?? error;
  }
}

/** Those of the units that are not enabled, or do not run (of a timer: do not wait). */
export async function idleUnits(host: Host, units: readonly string[]): Promise<readonly string[]> {
  const idle: string[] = [];
  for (const unit of units) {
    const line = sh`systemctl is-enabled --quiet -- ${unit} && systemctl is-active --quiet -- ${unit}`;
    const { exitCode } = await host.exec(line, { timeoutMs: SYSTEMCTL_TIMEOUT_MS, readOnly: true });
    if (exitCode !== 0) idle.push(unit);
  }
  return idle;
}

/** From now on they run as their files say, also after a start of the machine. */
export async function startUnits(host: Host, units: readonly string[]): Promise<void> {
  await systemctl(host, sh`systemctl daemon-reload`);
  if (units.length === 0) return;
  await systemctl(host, sh`systemctl enable -- ${units}`);
  await systemctl(host, sh`systemctl restart -- ${units}`);
}

/** A job that runs at this moment goes on to its end. */
export async function stopUnits(host: Host, units: readonly string[]): Promise<void> {
  if (units.length > 0) await systemctl(host, sh`systemctl disable --now -- ${units}`);
}

async function systemctl(host: Host, line: Shell): Promise<void> {
  const { exitCode, stderr } = await host.exec(line, { timeoutMs: SYSTEMCTL_TIMEOUT_MS });
  if (exitCode === 0) return;
  throw new OmpayError('commandFailed', `${line.shown} gave ${exitCode}: ${stderr.trim()}`, {
    hint: 'where systemd does not run, use cron: ompay schedule install --cron',
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw diskRefusal(error, folder) ?? error;
  }
}

/** Undefined for what is no file of ours: a folder of drop-ins, a link to nothing, something large. */
function textOf(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.length > MAX_FILE_BYTES ? undefined : bytes.toString('utf8');
  } catch (error) {
    if (['EISDIR', 'ENOENT'].includes(systemCodeOf(error) ?? '')) return undefined;
    throw diskRefusal(error, path) ?? error;
  }
}
