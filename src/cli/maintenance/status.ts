import type { Command } from 'commander';
import { EXIT_CODE_BY_ERROR, messageOf, OmpayError } from '../../core/errors.ts';
import type { Invocation } from '../command.ts';
import { environmentOption } from '../kit/environment.ts';
import { withFleet } from '../kit/fleet-hosts.ts';
import { maintenanceOn } from '../kit/maintenance.ts';
import { webHosts } from '../kit/maintenance-run.ts';
import { table } from '../render.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

interface HostState {
  readonly host: string;
  /** Null when it was not told. */
  readonly isOn: boolean | null;
  readonly answer: string | null;
  readonly error?: string;
  readonly exitCode: number;
}

/** Exit 0 when all web hosts are alike, 8 when some are in maintenance and some not, 7 when one was not reached. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, signal } = invocation;
  const { config, names } = webHosts(invocation);
  const states = await withFleet(invocation, config, { names }, ({ hosts }) =>
    Promise.all(
      names
        .flatMap((name) => hosts[name] ?? [])
        .map(async (host): Promise<HostState> => {
          try {
            const answer = await maintenanceOn(host, signal);
            return { host: host.name, isOn: answer !== null, answer, exitCode: 0 };
          } catch (error) {
            const exitCode = error instanceof OmpayError ? error.exitCode : EXIT_CODE_BY_ERROR.internal;
            return { host: host.name, isOn: null, answer: null, error: messageOf(error), exitCode };
          }
        }),
    ),
  );
  if (output.json) output.write(`${JSON.stringify({ environment: config.name, hosts: states })}\n`);
  else {
    output.write(
      table([
        { title: 'HOST', values: states.map(({ host }) => host) },
        { title: 'MAINTENANCE', values: states.map(shown) },
      ]),
    );
  }
  const failed = states.find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) return failed.exitCode;
  return new Set(states.map(({ isOn }) => isOn)).size > 1 ? EXIT_CODE_BY_ERROR.drift : 0;
}

function shown({ isOn, error }: HostState): string {
  if (isOn === null) return error ?? '';
  return isOn ? 'on' : 'off';
}
