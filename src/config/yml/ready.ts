import { OmpayError } from '../../core/errors.ts';
import { environmentVariables, type Secrets } from '../env-file.ts';
import { loadApiSettings } from '../load.ts';
import type { EnvironmentConfig } from './environment.ts';
import { SETTINGS } from './settings.ts';

/**
 * Whether servers could run with it: nothing that is needed is missing, in ompay.yml or among the secrets. Throws one
 * `configInvalid` that names everything.
 */
export function assertReady(config: EnvironmentConfig, secrets: Secrets): void {
  const missing = missingIn(config);
  if (missing.length > 0) {
    throw new OmpayError('configInvalid', `${config.name} is not complete: ${missing.join('; ')}`, {
      hint: 'write what is missing into ompay.yml; docs/ompay-yml.md has every key',
    });
  }
  loadApiSettings(environmentVariables(config, secrets));
}

function missingIn(config: EnvironmentConfig): readonly string[] {
  const required = [SETTINGS.appEnvironment, SETTINGS.databaseConnection, SETTINGS.tlsEmail];
  const hasDatabase =
    config.value(SETTINGS.databaseSocket) !== undefined ||
    config.value(SETTINGS.databaseHost) !== undefined ||
    config.hosts.some(({ roles }) => roles.includes('db'));
  const isSaid = config.shown.some(
    ({ path, origin }) => path === SETTINGS.appUrl.path && origin.kind !== 'default',
  );
  return [
    ...required
      .filter((setting) => config.value(setting) === undefined)
      .map(({ path }) => `${path} is missing`),
    ...(isSaid ? [] : [`${SETTINGS.appUrl.path} is missing`]),
    ...(config.hosts.some(({ roles }) => roles.includes('web')) ? [] : ['no host has the role web']),
    ...(hasDatabase ? [] : ['neither database.host is set, nor has a host the role db']),
    ...(config.recipients.length > 0 ? [] : ['recipients is empty: nobody could open the secrets']),
  ];
}
