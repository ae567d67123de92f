import { randomBytes } from 'node:crypto';
import { BACKUP_KEYS } from '../config/copies-schema.ts';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS } from '../config/schema.ts';
import { OmpayError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

const KEY_BYTES = 32;

/** Secrets that nobody else gives us, so that a new value can be made here. */
const MAKERS: ReadonlyMap<string, () => string> = new Map([
  [ENVIRONMENT_KEYS.appKey.name, () => `base64:${randomBytes(KEY_BYTES).toString('base64')}`],
  ...[
    ENVIRONMENT_KEYS.dbPassword,
    ENVIRONMENT_KEYS.redisPassword,
    ENVIRONMENT_KEYS.redisSentinelPassword,
    OPERATOR_KEYS.teamWebhookSecret,
    BACKUP_KEYS.backupDbPassword,
  ].map(({ name }) => [name, () => randomBytes(KEY_BYTES).toString('base64url')] as const),
]);

/** A new value of 32 random bytes. Throws `usage` for a secret that comes from elsewhere. */
export function generateSecret(name: string): Secret {
  const make = MAKERS.get(name);
  if (make !== undefined) return new Secret(make());
  throw new OmpayError(
    'usage',
    `${name} cannot be made here (allowed: ${[...MAKERS.keys()].join(', ')}): who issued it gives a new one`,
    { hint: `ompay secrets set ${name}` },
  );
}
