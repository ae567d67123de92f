import type { Command } from 'commander';
import type { Secrets } from '../../config/env-file.ts';
import { ENVIRONMENT_KEYS } from '../../config/schema.ts';
import { OmpayError } from '../../core/errors.ts';
import { changeSecrets } from '../../secrets/file.ts';
import { generateSecret } from '../../secrets/generate.ts';
import { type Invocation, textOption } from '../command.ts';
import { environmentOption, secretsPlace } from '../kit/environment.ts';

export function configure(command: Command): void {
  environmentOption(command).option(
    '--new <names>',
    'make new values too, with commas between: APP_KEY, DB_PASSWORD, …',
  );
}

/** Encrypts anew, to the recipients that ompay.yml has now, with a new file key. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, output } = invocation;
  const place = secretsPlace(invocation);
  const names = (textOption(command, 'new') ?? '').split(',').flatMap((name) => name.trim() || []);
  const made = new Map(names.map((name) => [name, generateSecret(name)]));
  await changeSecrets(place, (before) => {
    refuseSecondKey(before, names);
    return new Map([...before, ...made]);
  });
  const recipients = place.config.recipients.map(({ name }) => name);
  const { name } = place.config;
  output.write(
    output.json
      ? `${JSON.stringify({ environment: name, recipients, made: names })}\n`
      : `the secrets of ${name} are open to ${recipients.join(', ')}${names.length === 0 ? '' : `; new: ${names.join(', ')}`}; commit secrets/${name}.age\n`,
  );
  return 0;
}

/** What the API's key protects would be void; its own command keeps the old key beside the new one. */
function refuseSecondKey(before: Secrets, names: readonly string[]): void {
  const { name } = ENVIRONMENT_KEYS.appKey;
  if (!names.includes(name) || !before.has(name)) return;
  throw new OmpayError('usage', `${name} has a value, and a new one alone would void what it protects`, {
    hint: 'docs/audit.md says how the key is changed: ompay api keys rotate',
  });
}
