import type { Command } from 'commander';
import { SETTINGS } from '../../config/yml/settings.ts';
import { SECRET_KEYS } from '../../config/yml/variables.ts';
import { readSecrets } from '../../secrets/file.ts';
import type { OpenSecrets } from '../../secrets/text.ts';
import type { Invocation } from '../command.ts';
import { environmentOption, secretsPlace } from '../kit/environment.ts';
import { table } from '../render.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

/** Names alone; a value is shown by `ompay secrets edit`, to who can open it. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const place = secretsPlace(invocation);
  const opened = await readSecrets(place);
  const kind = place.config.value(SETTINGS.appEnvironment) ?? 'staging';
  const rows = SECRET_KEYS.map((key) => ({
    name: key.name,
    isSet: opened.secrets.has(key.name),
    isRequired: key.requiredIn.includes(kind),
    doc: key.doc,
  }));
  const recipients = place.config.recipients.map(({ name }) => name);
  const isStale = differs(opened, place.config);
  if (output.json) {
    output.write(
      `${JSON.stringify({ environment: place.config.name, recipients, isStale, secrets: rows })}\n`,
    );
    return 0;
  }
  output.write(
    table([
      { title: 'NAME', values: rows.map(({ name }) => name) },
      {
        title: 'STATE',
        values: rows.map(({ isSet, isRequired }) => (isSet ? 'set' : isRequired ? 'missing' : '-')),
      },
      { title: 'MEANING', values: rows.map(({ doc }) => doc) },
    ]),
  );
  output.write(`\nopen to: ${recipients.join(', ')}\n`);
  if (isStale) output.write(`the recipients changed since: ompay secrets rotate -e ${place.config.name}\n`);
  return 0;
}

function differs(opened: OpenSecrets, config: Pick<OpenSecrets, 'recipients'>): boolean {
  const shown = ({ recipients }: Pick<OpenSecrets, 'recipients'>): string =>
    recipients
      .map(({ recipient }) => recipient)
      .toSorted()
      .join(' ');
  return shown(opened) !== shown(config);
}
