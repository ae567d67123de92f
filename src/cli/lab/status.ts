import type { Command } from 'commander';
import { assertRoot } from '../../lab/facts.ts';
import { type HostState, hostStates } from '../../lab/status.ts';
import type { Invocation } from '../command.ts';
import { currentLab } from '../kit/lab.ts';

export function configure(_command: Command): void {}

/** Exit 0 when every host runs, is joined and its sshd answers; 7 when one does not. */
export async function run({ layout, output }: Invocation): Promise<number> {
  assertRoot();
  const lab = currentLab(layout);
  const states = await hostStates(lab);
  output.write(
    output.json ? `${JSON.stringify({ id: lab.id, hosts: states })}\n` : states.map(shown).join(''),
  );
  return states.every(({ state }) => state === 'up') ? 0 : 7;
}

function shown({ name, address, distribution, state, ssh }: HostState): string {
  return `${name.padEnd(20)} ${address.padEnd(14)} ${distribution.padEnd(9)} ${state.padEnd(8)} ${ssh ? 'sshd answers' : 'sshd does not answer'}\n`;
}
