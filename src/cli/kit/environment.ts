import type { Command } from 'commander';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { environmentNamed, LOCAL, readProject, ymlPath } from '../../config/yml/project.ts';
import { OmpayError } from '../../core/errors.ts';
import { sweepUnfinished } from '../../core/unfinished.ts';
import { readSecrets, type SecretsPlace } from '../../secrets/file.ts';
import { findIdentity, requireIdentity } from '../../secrets/identity.ts';
import { type Invocation, textOption } from '../command.ts';
import { once } from './once.ts';

/** `-e`, on each command that acts on an environment of ompay.yml. Nothing but `local` is ever implied. */
export function environmentOption(command: Command): Command {
  return command.option('-e, --environment <name>', 'an environment of ompay.yml', LOCAL);
}

export function environmentName({ command }: Pick<Invocation, 'command'>): string {
  return textOption(command, 'environment') ?? LOCAL;
}

/** Throws `usage` for `local`, which keeps its secrets in `.env`. */
export function secretsPlace(invocation: Invocation): SecretsPlace {
  const name = environmentName(invocation);
  const { layout, environment } = invocation;
  const project = readProject(layout);
  if (name === LOCAL) {
    const known =
      project.names.length === 0
        ? 'describe one in ompay.yml: ompay init'
        : `others are ${project.names.join(', ')}`;
    throw new OmpayError('usage', `local has its secrets in .env; ${known}`, {
      hint: `name an environment of ${ymlPath(layout)}: -e ${project.names[0] ?? 'NAME'}`,
    });
  }
  sweepUnfinished(layout);
  const config = environmentNamed(project, name);
  return { layout, config, identity: once(() => requireIdentity(environment, layout.root)) };
}

/** The secrets of an environment, or undefined where this operator has no key. */
export async function secretsIfOpen(
  { environment, layout }: Invocation,
  config: EnvironmentConfig,
): Promise<Awaited<ReturnType<typeof readSecrets>> | undefined> {
  const identity = await findIdentity(environment, layout.root);
  if (identity === undefined) return undefined;
  return readSecrets({ layout, config, identity: async () => identity });
}
