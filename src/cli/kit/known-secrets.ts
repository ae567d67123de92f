import { join } from 'node:path';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS } from '../../config/schema.ts';
import { environmentNamed, LOCAL, readProject } from '../../config/yml/project.ts';
import { Secret } from '../../core/secret.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import type { Invocation } from '../command.ts';
import { secretsIfOpen } from './environment.ts';

/**
 * The secrets that this operator can know: of this machine, and of the environment when its file can be opened here. For
 * masking alone.
 */
export async function knownSecrets(invocation: Invocation, environment: string): Promise<readonly Secret[]> {
  const here = localSecrets(invocation);
  if (environment === LOCAL) return here;
  const config = environmentNamed(readProject(invocation.layout), environment);
  const opened = await secretsIfOpen(invocation, config);
  return [...here, ...(opened?.secrets.values() ?? [])];
}

function localSecrets({ layout }: Invocation): readonly Secret[] {
  const names = [...Object.values(ENVIRONMENT_KEYS), ...Object.values(OPERATOR_KEYS)].flatMap((key) =>
    key.secret ? [key.name] : [],
  );
  return [join(layout.root, '.env'), layout.environment].flatMap((path) => {
    const variables = readEnvironment(path);
    return names.flatMap((name) => {
      const value = variables[name];
      return value === undefined || value === '' ? [] : [new Secret(value)];
    });
  });
}
