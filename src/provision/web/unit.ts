import { isIP } from 'node:net';
import { ENVIRONMENT_KEYS as KEYS } from '../../config/schema.ts';
import type { HostInput } from '../input.ts';
import { template } from '../templates.ts';

/** The API's own program; with the word `worker` it sends messages instead of answering requests. */
const WORKER_PROGRAM = 'api.mjs';

export function apiUnit(input: HostInput): string {
  return template('systemd/ompay-api@.service', { SANDBOX: sandbox(), NETWORK: networkLimit(input) });
}

export function workerUnit(input: HostInput): string {
  return template('systemd/ompay-worker@.service', {
    PROGRAM: WORKER_PROGRAM,
    SANDBOX: sandbox(),
    NETWORK: networkLimit(input),
  });
}

/** Whether messages are handed over through Redis, so that workers must fetch them. */
export function hasQueue({ config }: HostInput): boolean {
  return config.variables.some(({ name, value }) => name === KEYS.queueConnection.name && value === 'redis');
}

function sandbox(): string {
  return template('systemd/sandbox.conf');
}

/** What leads out of the fleet, to addresses that nobody knows before. */
const OUTWARD = [KEYS.smsGatewayUrl, KEYS.sentryDsn].map(({ name }) => name);
const PLACES = [KEYS.dbHost, KEYS.dbReadHost, KEYS.redisHost].map(({ name }) => name);

/**
 * Where all that the process asks has an address (database, Redis), the kernel keeps it from every other. A gateway or a
 * name needs the way out, and a name server.
 */
function networkLimit({ config, fleet, secrets }: HostInput): string {
  const said = new Map(config.variables.map(({ name, value }) => [name, value]));
  const leadsOut =
    OUTWARD.some((name) => said.has(name) || secrets.has(name)) || said.has(KEYS.redisSentinels.name);
  // The names of the fleet are in /etc/hosts.
  const places = PLACES.flatMap((name) => said.get(name) ?? []).map(
    (place) => fleet.find((host) => host.name === place)?.address ?? place,
  );
  const addresses = places.filter((place) => isIP(place) !== 0);
  const named = places.filter(
    (place) => isIP(place) === 0 && !place.startsWith('/') && place !== 'localhost',
  );
  if (leadsOut || named.length > 0) return '';
  return `IPAddressDeny=any\nIPAddressAllow=${[...new Set(['localhost', ...addresses])].join(' ')}\n`;
}
