import type { Command } from 'commander';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { environmentNamed, LOCAL, readProject } from '../../config/yml/project.ts';
import { ROLES } from '../../config/yml/settings.ts';
import { OmpayError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { HostName } from '../../host/host.ts';
import { type Invocation, textOption } from '../command.ts';
import { environmentName } from './environment.ts';
import { chosenHosts } from './fleet-hosts.ts';

/** `--hosts` and `--role`, where a command acts on some of an environment. */
export function hostsOption(command: Command): Command {
  return command
    .option('--hosts <names>', 'these alone, by comma: web1,web2')
    .option('--role <role>', `those with the role alone: ${ROLES.join(', ')}`);
}

export interface Chosen {
  readonly config: EnvironmentConfig;
  readonly names: readonly HostName[];
}

/** Throws `usage` for `local` and where both choices are made, `notFound` for a name or a role that no host has. */
export function chosenOf(invocation: Invocation): Chosen {
  const { command, layout } = invocation;
  const environment = environmentName(invocation);
  if (environment === LOCAL) {
    throw new OmpayError('usage', `${command.name()} is for servers, and local is this machine`, {
      hint: `name an environment of ompay.yml: ompay ${command.name()} -e staging`,
    });
  }
  const config = environmentNamed(readProject(layout), environment);
  const [hosts, role] = [textOption(command, 'hosts'), textOption(command, 'role')];
  if (hosts !== undefined && role !== undefined) {
    throw new OmpayError('usage', '--hosts and --role are two ways to choose', { hint: 'give one of them' });
  }
  const wanted = hosts?.split(',').filter((name) => name !== '');
  const named = chosenHosts(config, wanted).map(({ name }) => name);
  return { config, names: role === undefined ? named : withRole(config, role) };
}

function withRole(config: EnvironmentConfig, role: string): readonly HostName[] {
  const names = config.hosts
    .filter(({ roles }) => roles.some((each) => each === role))
    .map(({ name }) => name);
  if (names.length > 0) return names;
  throw new OmpayError(
    'notFound',
    `no host of ${config.name} has the role ${JSON.stringify(role)}${didYouMean(role, ROLES)}`,
    { hint: `see which there are: ompay config -e ${config.name} hosts` },
  );
}
