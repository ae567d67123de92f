import { join } from 'node:path';
import { environmentVariables } from '../../config/env-file.ts';
import type { EnvironmentVariables } from '../../config/load.ts';
import { loadTeamSettings } from '../../config/team.ts';
import { environmentNamed, LOCAL, readProject } from '../../config/yml/project.ts';
import { type ErrorName, messageOf, OmpayError } from '../../core/errors.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import { type Alarm, type AlarmWords, clearAlarm, raiseAlarm } from '../../notify/alarm.ts';
import { reportsFolder } from '../../report/write.ts';
import { readSecrets } from '../../secrets/file.ts';
import { requireIdentity } from '../../secrets/identity.ts';
import type { Invocation } from '../command.ts';
import { environmentName } from './environment.ts';

type AlarmName = 'backup' | 'backup-logical' | 'backup-files' | 'verify' | 'restore-test' | 'three-two-one';

const WORDS: Readonly<Record<AlarmName, { readonly fr: AlarmWords; readonly en: AlarmWords }>> = {
  backup: {
    fr: { raised: 'La sauvegarde a échoué', cleared: 'La sauvegarde réussit à nouveau' },
    en: { raised: 'The backup failed', cleared: 'Backups succeed again' },
  },
  'backup-logical': {
    fr: { raised: "L'export logique de la base a échoué", cleared: "L'export logique réussit à nouveau" },
    en: { raised: 'The logical dump failed', cleared: 'Logical dumps succeed again' },
  },
  'backup-files': {
    fr: {
      raised: 'La sauvegarde de la configuration, des journaux et de Redis a échoué',
      cleared: 'La sauvegarde de la configuration, des journaux et de Redis réussit à nouveau',
    },
    en: {
      raised: 'The backup of configuration, logs and Redis failed',
      cleared: 'Backups of configuration, logs and Redis succeed again',
    },
  },
  verify: {
    fr: {
      raised: "Une copie de sauvegarde n'est pas saine",
      cleared: 'Les copies vérifiées sont saines à nouveau',
    },
    en: { raised: 'A copy of a backup is not well', cleared: 'The copies that were verified are well again' },
  },
  'restore-test': {
    fr: { raised: 'Le test de restauration a échoué', cleared: 'Le test de restauration réussit à nouveau' },
    en: { raised: 'The restore test failed', cleared: 'The restore test passes again' },
  },
  'three-two-one': {
    fr: { raised: "La règle 3-2-1 n'est plus respectée", cleared: 'La règle 3-2-1 est respectée à nouveau' },
    en: { raised: '3-2-1 does not hold any more', cleared: '3-2-1 holds again' },
  },
};

/** Says nothing of whether it is well: a slip of the hand, another at work, a Ctrl-C. */
const TELLS_NOTHING: ReadonlySet<ErrorName> = new Set([
  'usage',
  'notFound',
  'alreadyExists',
  'lockHeld',
  'interrupted',
]);

/** How something went: 0 or what it exits with, and why it is not well. */
export interface Watched {
  readonly exitCode: number;
  readonly why: string;
}

/** Does `work`; tells the team once when it fails, and once more when it goes well again. The error is thrown on. */
export async function withAlarm(
  invocation: Invocation,
  name: AlarmName,
  work: () => Promise<Watched>,
): Promise<number> {
  try {
    const { exitCode, why } = await work();
    await setAlarm(invocation, name, exitCode === 0 ? null : why);
    return exitCode;
  } catch (error) {
    const isTelling = !(error instanceof OmpayError && TELLS_NOTHING.has(error.code));
    if (isTelling) await setAlarm(invocation, name, messageOf(error));
    throw error;
  }
}

/** @param why null when it is well. That nobody could be told is said on stderr, and fails nothing. */
export async function setAlarm(invocation: Invocation, name: AlarmName, why: string | null): Promise<void> {
  const { clock, layout, signal } = invocation;
  const alarm: Alarm = { name, environment: environmentName(invocation), ...WORDS[name] };
  try {
    const settings = loadTeamSettings(await variablesOf(invocation));
    const folder = join(layout.state, 'alarms');
    const kit = { settings, folder, messages: reportsFolder(layout), clock, signal };
    const told = why === null ? await clearAlarm(kit, alarm) : await raiseAlarm(kit, alarm, why);
    if (told?.state === 'failed') process.stderr.write(`! the team could not be told: ${told.subject}\n`);
  } catch (error) {
    if (!(error instanceof OmpayError)) throw error;
    process.stderr.write(`! the team was not told: ${error.message}\n  next: ${error.hint}\n`);
  }
}

async function variablesOf(invocation: Invocation): Promise<EnvironmentVariables> {
  const { environment, layout } = invocation;
  const name = environmentName(invocation);
  if (name === LOCAL) return readEnvironment(join(layout.root, '.env'));
  const config = environmentNamed(readProject(layout), name);
  const identity = () => requireIdentity(environment, layout.root);
  return environmentVariables(config, (await readSecrets({ layout, config, identity })).secrets);
}
