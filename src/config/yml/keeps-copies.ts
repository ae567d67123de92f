import type { EnvironmentConfig } from './environment.ts';
import { SETTINGS } from './settings.ts';

const PLACES = [SETTINGS.directoryPath, SETTINGS.sftpHost, SETTINGS.s3Endpoint];

/** Whether backups of the environment go somewhere else than the disk of the machine that makes them. */
export function hasCopies(config: EnvironmentConfig): boolean {
  return PLACES.some((setting) => config.value(setting) !== undefined);
}
