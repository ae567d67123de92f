import type { Command } from 'commander';
import { localHost } from '../../host/local.ts';
import { setCable } from '../../lab/cable.ts';
import { assertRoot } from '../../lab/facts.ts';
import type { Invocation } from '../command.ts';
import { currentLab, hostNamed } from '../kit/lab.ts';

export function configure(command: Command): void {
  command.argument('<host>', 'which, by its name in the lab');
}

/** Takes the host's cable off the bridge: neither other hosts nor this machine reach it, and it reaches nobody. */
export async function run({ args, layout, output }: Invocation): Promise<number> {
  assertRoot();
  const lab = currentLab(layout);
  const host = hostNamed(lab, args[0] ?? '');
  await setCable(localHost(), { lab, host, state: 'down' });
  output.write(
    output.json
      ? `${JSON.stringify({ host: host.name, cable: 'down' })}\n`
      : `${host.name} is cut off; bring it back: ompay lab join ${host.name}\n`,
  );
  return 0;
}
