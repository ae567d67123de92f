import type { Command } from 'commander';
import { changeSecrets } from '../../secrets/file.ts';
import { assertSecret } from '../../secrets/text.ts';
import { hasOption, type Invocation } from '../command.ts';
import { environmentOption, secretsPlace } from '../kit/environment.ts';
import { askSecret } from '../kit/prompt.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .argument('<name>', 'a secret of docs/secrets.md; its value is typed, or read from stdin')
    .option('--remove', 'take it away instead');
}

/** The value never comes from argv, which everybody on the machine can read. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, command, output, signal } = invocation;
  const name = args[0] ?? '';
  const place = secretsPlace(invocation);
  const removed = hasOption(command, 'remove');
  const value = removed ? undefined : await askSecret(`${name} of ${place.config.name}`, signal);
  if (value !== undefined) assertSecret(name, value);
  await changeSecrets(place, (before) => {
    const others = [...before].filter(([each]) => each !== name);
    return new Map(value === undefined ? others : [...others, [name, value] as const]);
  });
  const done = { environment: place.config.name, name, removed };
  output.write(
    output.json
      ? `${JSON.stringify(done)}\n`
      : `${name} of ${place.config.name} is ${removed ? 'removed' : 'set'}; commit secrets/${place.config.name}.age\n`,
  );
  return 0;
}
