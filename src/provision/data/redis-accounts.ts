import { createHash, createHmac } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import { REDIS_USER } from '../../core/server-layout.ts';

export const REDIS_MONITOR = 'monitor';

/** Of the monitoring account: made from the API's, so that it changes with it and is kept nowhere. */
export function monitorPassword(password: Secret): Secret {
  return new Secret(createHmac('sha256', password.reveal()).update('ompay redis monitor').digest('hex'));
}

/**
 * Redis's ACL file (its manual, "ACL"): passwords by their SHA-256. Nobody may change the server's settings, stop or empty
 * it: its files say what it is. The API's scripts and BullMQ need INFO of what is called dangerous; backups follow it as a
 * replica does, and read nothing that the account could not read otherwise.
 */
export function redisAccounts(password: Secret): Secret {
  const lines = [
    'user default off resetpass resetkeys resetchannels -@all',
    `user ${REDIS_USER} on #${sha256(password)} ~* &* +@all -@admin -@dangerous +info +sync +replconf`,
    `user ${REDIS_MONITOR} on #${sha256(monitorPassword(password))} resetkeys resetchannels -@all +ping +info +select +client|setname +config|get +latency|latest +latency|histogram +slowlog|get +slowlog|len`,
  ];
  return new Secret(`${lines.join('\n')}\n`);
}

function sha256(password: Secret): string {
  return createHash('sha256').update(password.reveal()).digest('hex');
}
