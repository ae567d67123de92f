import { isIP } from 'node:net';
import { hasCopies } from '../../config/yml/keeps-copies.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { addressesOf, type HostInput } from '../input.ts';
import { connectionsFor, type Room } from './sizes.ts';

/** The account that the API connects by. */
export interface AppAccount {
  readonly database: string;
  readonly user: string;
  readonly password: Secret;
  /** Where it may come from: the web hosts, and nobody else. */
  readonly addresses: readonly string[];
}

/** Names that servers have for themselves. */
const TAKEN_USERS = ['root', 'postgres', 'mysql', 'prometheus'];

/** Throws `configInvalid` for a user of the server's own, and without a password. */
export function appAccount(input: HostInput): AppAccount {
  const { config } = input;
  const user = config.value(SETTINGS.databaseUser) ?? '';
  if (TAKEN_USERS.includes(user)) {
    throw new OmpayError(
      'configInvalid',
      `database.user of ${config.name} is ${user}, which the server has for itself`,
      {
        hint: 'write into ompay.yml: database: { name: ompay, user: ompay }',
      },
    );
  }
  return {
    user,
    database: config.value(SETTINGS.databaseName) ?? '',
    password: secretOf(input, 'DB_PASSWORD'),
    addresses: [...new Set(addressesOf(input, 'web'))].toSorted(),
  };
}

/** The account that backups connect by, and the log's receiver. */
export interface BackupAccount {
  readonly user: string;
  readonly password: Secret;
  /** Where it may come from: the hosts that make backups, and nobody else. */
  readonly addresses: readonly string[];
}

/**
 * Null where the environment keeps no copies, or no host of it makes backups. MariaDB is copied on its own host. Throws
 * `configInvalid` for a user that another is, and without a password.
 */
export function backupAccount(input: HostInput): BackupAccount | null {
  const { config, database, host } = input;
  const own = database.engine === 'mariadb' ? [host.address] : [];
  const addresses = [...new Set([...addressesOf(input, 'backup'), ...own])].toSorted();
  if (!hasCopies(config) || addresses.length === 0) return null;
  const user = config.value(SETTINGS.copiesDatabaseUser) ?? '';
  if (TAKEN_USERS.includes(user) || user === config.value(SETTINGS.databaseUser)) {
    throw new OmpayError(
      'configInvalid',
      `copies.database_user of ${config.name} is ${user}, which is another's`,
      { hint: 'write into ompay.yml: copies: { database_user: ompay_backup }' },
    );
  }
  return { user, addresses, password: secretOf(input, 'BACKUP_DB_PASSWORD') };
}

/** Throws `configInvalid` when there is none. */
export function secretOf({ config, secrets }: Pick<HostInput, 'config' | 'secrets'>, name: string): Secret {
  const secret = secrets.get(name);
  if (secret !== undefined) return secret;
  throw new OmpayError('configInvalid', `${config.name} has no ${name}`, {
    hint: `ompay secrets rotate -e ${config.name} --new ${name}`,
  });
}

const MB = 1024 * 1024;

export function roomOf(input: HostInput): Room {
  const { config, facts, host } = input;
  const said = config.hosts.find(({ name }) => name === host.name)?.memoryMb ?? null;
  return {
    memoryMb: said ?? Math.floor(facts.memoryBytes / MB),
    isShared: host.roles.some((role) => role !== 'backup' && role !== host.roles[0]),
    connections: connectionsFor({
      webHosts: addressesOf(input, 'web').length,
      poolSize: config.value(SETTINGS.databasePoolSize) ?? 0,
    }),
  };
}

/** A number of the host that no other of its fleet has (MySQL's `server_id`): its address. */
export function serverId(address: string): number {
  if (isIP(address) === 4)
    return Number(address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0));
  const groups = address.split(':').filter((group) => group !== '');
  return groups.slice(-2).reduce((sum, group) => sum * 65_536 + Number.parseInt(group, 16), 0) || 1;
}
