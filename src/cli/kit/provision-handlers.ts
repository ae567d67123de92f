import { OmpayError } from '../../core/errors.ts';
import type { HostName } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import type { Declared } from '../../provision/declare.ts';
import { fileHandlers } from '../../provision/handlers/files.ts';
import { guardHandlers } from '../../provision/handlers/guard.ts';
import { packageHandlers } from '../../provision/handlers/packages.ts';
import type { FileResource } from '../../provision/resource.ts';
import type { Guard } from '../../provision/role.ts';
import { sh } from '../../shell/line.ts';
import type { Fleet } from './fleet-hosts.ts';
import type { ProvisionChoices } from './provisioner.ts';

export interface HandlersInput {
  readonly declared: ReadonlyMap<HostName, Declared>;
  readonly fleet: Fleet;
  readonly choices: ProvisionChoices;
  readonly run: string;
}

const KNOCK_MS = 20_000;

/** The table of handlers of provisioning: what plans name, with what it is done by. */
export function provisionHandlers({ declared, fleet, choices, run }: HandlersInput): Handlers {
  const of = (host: HostName): Declared => {
    const found = declared.get(host);
    if (found === undefined) throw new RangeError(`nothing is declared of ${host}`);
    return found;
  };
  return {
    ...fileHandlers({ run, declared: (host, path) => fileAt(of(host), path) }),
    ...packageHandlers({ familyOf: (host) => of(host).family, waitSeconds: choices.waitSeconds }),
    ...guardHandlers({ guardOf: (role) => guardOf(choices, role), knock: (host) => knock(fleet, host) }),
  };
}

function fileAt({ resources }: Declared, path: string): FileResource {
  const file = resources.find((each) => each.kind === 'file' && each.path === path);
  if (file?.kind !== 'file') throw new RangeError(`no file is declared at ${path}`);
  return file;
}

function guardOf({ roles }: ProvisionChoices, name: string): Guard {
  const guard = roles.find((role) => role.name === name)?.guard;
  if (guard == null) throw new RangeError(`the role ${name} has no guard`);
  return guard;
}

/** With a handshake and a login of its own: what an operator would do after the change. */
async function knock({ openAgain }: Fleet, name: HostName): Promise<void> {
  const host = await openAgain(name);
  try {
    const { exitCode } = await host.exec(sh`true`, { timeoutMs: KNOCK_MS, readOnly: true });
    if (exitCode === 0) return;
    throw new OmpayError('accessDenied', `${name} runs no line for a new connection any more`, {
      hint: `the old state is put back on ${name}`,
    });
  } finally {
    await host.close();
  }
}
