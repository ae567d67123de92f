import type { Command } from 'commander';
import { localHost } from '../../host/local.ts';
import { setCable } from '../../lab/cable.ts';
import { assertRoot } from '../../lab/facts.ts';
import type { Invocation } from '../command.ts';
import { currentLab, hostNamed } from '../kit/lab.ts';

export function configure(command: Command): void {
  command.argument('<host>', 'which, by its name in the lab');
}

/** Puts the cable of a host that was cut off back. */
export async function run({ args, layout, output }: Invocation): Promise<number> {
  assertRoot();
  const lab = currentLab(layout);
  const host = hostNamed(lab, args[0] ?? '');
  await setCable(localHost(), { lab, host, state: 'up' });
  output.write(
    output.json ? `${JSON.stringify({ host: host.name, cable: 'up' })}\n` : `${host.name} is joined\n`,
  );
  return 0;
}
