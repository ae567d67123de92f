import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { environmentNamed, LOCAL, readProject } from '../../config/yml/project.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Schedule } from '../../schedule/wanted.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { environmentName } from './environment.ts';

export const UNITS_FOLDER = '/etc/systemd/system';
export const CRON_FOLDER = '/etc/cron.d';
/** Made by systemd at its start, and by nobody else (sd_booted(3)). */
const SYSTEMD_MARK = '/run/systemd/system';

/** Where the jobs are written, and whether systemd is to hear of it. */
export interface SchedulePlace {
  readonly kind: 'systemd' | 'cron';
  readonly folder: string;
  /** False in a folder that systemd does not read: an image, a look. */
  readonly isLive: boolean;
}

/** Throws `configInvalid` where systemd is asked for and does not run. */
export function schedulePlace({ command }: Pick<Invocation, 'command'>): SchedulePlace {
  const folder = textOption(command, 'folder');
  if (hasOption(command, 'cron'))
    return { kind: 'cron', folder: resolve(folder ?? CRON_FOLDER), isLive: false };
  if (folder !== undefined) return { kind: 'systemd', folder: resolve(folder), isLive: false };
  if (existsSync(SYSTEMD_MARK)) return { kind: 'systemd', folder: UNITS_FOLDER, isLive: true };
  throw new OmpayError('configInvalid', 'systemd does not run on this machine', {
    hint: 'ompay schedule install --cron, or write units for another machine: --folder FOLDER',
  });
}

/** Throws `notFound` for an environment that ompay.yml has not. */
export function scheduledEnvironment(invocation: Invocation): string {
  const name = environmentName(invocation);
  return name === LOCAL ? name : environmentNamed(readProject(invocation.layout), name).name;
}

export function scheduleOf(invocation: Invocation): Schedule {
  const { command, layout, programRoot, environment: variables } = invocation;
  return {
    environment: scheduledEnvironment(invocation),
    program: join(programRoot, 'bin/ompay'),
    root: layout.root,
    user: textOption(command, 'user') ?? userInfo().username,
    metricsFolder: metricsFolder(invocation),
    identityPath: variables.OMPAY_AGE_IDENTITY_FILE || null,
    isOfServers: environmentName(invocation) !== LOCAL,
    isLogReceived: isLogReceived(invocation),
  };
}

function isLogReceived(invocation: Invocation): boolean {
  const name = environmentName(invocation);
  if (name === LOCAL) return false;
  const config = environmentNamed(readProject(invocation.layout), name);
  const connection = config.value(SETTINGS.databaseConnection);
  return connection === 'mysql' || connection === 'mariadb';
}

/** Absolute. Throws `notFound` when it is not there: nobody would read what is written elsewhere. */
export function metricsFolder({ command }: Pick<Invocation, 'command'>): string | null {
  const folder = textOption(command, 'metrics');
  if (folder === undefined) return null;
  if (existsSync(folder)) return resolve(folder);
  throw new OmpayError('notFound', `the folder ${folder} for metrics is not there`, {
    hint: `make the folder that node_exporter reads (--collector.textfile.directory): mkdir -p '${folder}'`,
  });
}
