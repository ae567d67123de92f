import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderEnvironment } from '../config/env-file.ts';
import { environmentNamed, LOCAL, readProject } from '../config/yml/project.ts';
import { assertReady } from '../config/yml/ready.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { didYouMean } from '../core/nearest.ts';
import { readSecrets } from '../secrets/file.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { environmentName, environmentOption, secretsIfOpen, secretsPlace } from './kit/environment.ts';
import { localConfig } from './kit/local-config.ts';
import { type ShownValue, shownConfig } from './kit/shown-config.ts';
import { table } from './render.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .argument('[key]', 'show this one alone: app.url, hosts.web1.address, DB_HOST')
    .option('--origin', 'also where each value comes from')
    .option('--check', 'exit 2 when servers could not run with it; names everything that is missing')
    .option('--write <path>', "write the servers' environment file there, 0600: it holds the secrets");
}

/** Secrets are masked; those of an environment are opened for `--check` and `--write` alone, and to see their names. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, command, output } = invocation;
  const wantsSecrets = hasOption(command, 'check') || textOption(command, 'write') !== undefined;
  if (wantsSecrets) await act(invocation);
  const values = selected(await valuesOf(invocation), args[0]);
  if (output.json) output.write(`${JSON.stringify(document(invocation, values))}\n`);
  else if (args[0] !== undefined && values.length === 1 && !hasOption(command, 'origin'))
    output.write(`${values[0]?.value ?? ''}\n`);
  else output.write(shown(values, hasOption(command, 'origin')));
  return 0;
}

async function valuesOf(invocation: Invocation): Promise<readonly ShownValue[]> {
  const project = readProject(invocation.layout);
  const name = environmentName(invocation);
  if (name === LOCAL) return localConfig(invocation);
  const config = environmentNamed(project, name);
  const opened = await secretsIfOpen(invocation, config);
  return shownConfig(config, opened?.secrets);
}

async function act(invocation: Invocation): Promise<void> {
  const place = secretsPlace(invocation);
  const { secrets } = await readSecrets(place);
  if (hasOption(invocation.command, 'check')) assertReady(place.config, secrets);
  const typed = textOption(invocation.command, 'write');
  if (typed === undefined) return;
  const path = resolve(typed);
  try {
    writeFileAtomic(path, renderEnvironment(place.config, secrets).reveal(), 0o600);
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
}

/** A key's value, or all below it: `hosts.web1` has several. Throws `notFound`. */
function selected(values: readonly ShownValue[], wanted: string | undefined): readonly ShownValue[] {
  if (wanted === undefined) return values;
  const found = values.filter(({ key }) => key === wanted || key.startsWith(`${wanted}.`));
  if (found.length > 0) return found;
  const names = values.map(({ key }) => key);
  throw new OmpayError('notFound', `${JSON.stringify(wanted)} is not set${didYouMean(wanted, names)}`, {
    hint: 'ompay config shows everything that is; docs/ompay-yml.md and docs/config.md what could be',
  });
}

function document(invocation: Invocation, values: readonly ShownValue[]) {
  return {
    environment: environmentName(invocation),
    values: Object.fromEntries(values.map(({ key, value, origin }) => [key, { value, origin }])),
  };
}

function shown(values: readonly ShownValue[], withOrigin: boolean): string {
  const origins = { title: 'ORIGIN', values: values.map(({ origin }) => origin) };
  return table([
    { title: 'KEY', values: values.map(({ key }) => key) },
    { title: 'VALUE', values: values.map(({ value }) => value) },
    ...(withOrigin ? [origins] : []),
  ]);
}
