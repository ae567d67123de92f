import { OmpayError } from '../core/errors.ts';
import type { Host } from '../host/host.ts';
import { linkLine } from './network.ts';
import type { Lab, LabHost } from './types.ts';

const LIMIT_MS = 10_000;

export interface CableRequest {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly state: 'up' | 'down';
}

/** Cuts a host off or joins it; the same again changes nothing. Throws `hostUnreachable` when it has no cable. */
export async function setCable(machine: Host, { lab, host, state }: CableRequest): Promise<void> {
  const { exitCode, stderr } = await machine.exec(linkLine(lab, host, state), { timeoutMs: LIMIT_MS });
  if (exitCode === 0) return;
  throw new OmpayError('hostUnreachable', `the cable of ${host.name} cannot be set ${state}: ${stderr}`, {
    hint: 'see what runs, as root: ompay lab status; bring back what does not: ompay lab up',
  });
}
