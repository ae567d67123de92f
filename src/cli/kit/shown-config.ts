import type { Secrets } from '../../config/env-file.ts';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { shownOrigin } from '../../config/yml/leaf.ts';
import { SECRET_KEYS, shownValue } from '../../config/yml/variables.ts';

/** One line of `ompay config`. */
export interface ShownValue {
  readonly key: string;
  /** `***` for a secret. */
  readonly value: string;
  readonly origin: string;
}

/**
 * Every setting, then the variables that the API gets of them.
 * @param secrets undefined when they cannot be opened here: which there are is not known then.
 */
export function shownConfig(config: EnvironmentConfig, secrets: Secrets | undefined): readonly ShownValue[] {
  const settings = config.shown.map(({ path, value, origin }) => ({
    key: path,
    value: shownValue(value),
    origin: shownOrigin(origin),
  }));
  const variables = config.variables.map(({ name, value, origin }) => ({
    key: name,
    value,
    origin: shownOrigin(origin),
  }));
  const file = `secrets/${config.name}.age`;
  const closed = SECRET_KEYS.flatMap(({ name }) =>
    secrets?.has(name) === true ? [{ key: name, value: '***', origin: file }] : [],
  );
  return [...settings.filter(({ key }) => !key.startsWith('variables.')), ...variables, ...closed];
}
