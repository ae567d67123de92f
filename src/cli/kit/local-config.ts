import { join } from 'node:path';
import type { Key } from '../../config/key.ts';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS } from '../../config/schema.ts';
import { localEnvironment, readEnvironment } from '../../deploy/environment.ts';
import type { Invocation } from '../command.ts';
import type { ShownValue } from './shown-config.ts';

const DEFAULT_PORT = 8080;

/** What the next deploy on this machine would give the API, and what `ompay` itself reads, in docs/config.md's order. */
export function localConfig({ layout }: Invocation): readonly ShownValue[] {
  const dotenv = readEnvironment(join(layout.root, '.env'));
  const kept = readEnvironment(layout.environment);
  const port = portOf(kept.APP_URL);
  const given: Readonly<Record<string, string>> = localEnvironment(layout, port);
  const operator = Object.values(OPERATOR_KEYS).flatMap((key) => shown(key, dotenv[key.name], '.env'));
  const api = Object.values(ENVIRONMENT_KEYS).flatMap((key): readonly ShownValue[] => {
    const value = given[key.name];
    if (key.name === ENVIRONMENT_KEYS.appKey.name)
      return shown(key, value, kept.APP_KEY === undefined ? 'made by the first deploy' : '.ompay/api.env');
    if (value !== undefined && value === dotenv[key.name]) return shown(key, value, '.env');
    const isOwn = value !== undefined && value !== key.fallback;
    return shown(key, value ?? key.fallback ?? undefined, isOwn ? 'the local environment' : 'default');
  });
  return [...api, ...operator];
}

function shown(key: Key<unknown>, value: string | undefined, origin: string): readonly ShownValue[] {
  if (value === undefined || value === '') return [];
  return [{ key: key.name, value: key.secret ? '***' : value, origin }];
}

/** The port that the installation has; `ompay deploy --port` may choose another. */
function portOf(url: string | undefined): number {
  return url !== undefined && URL.canParse(url) ? Number(new URL(url).port) || DEFAULT_PORT : DEFAULT_PORT;
}
