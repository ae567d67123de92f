import type { Host } from './host.ts';
import { localHost } from './local.ts';
import type { SshTarget } from './ssh/target.ts';
import type { SshOptions } from './ssh.ts';

export type HostTarget = { readonly kind: 'local' } | ({ readonly kind: 'ssh' } & SshTarget);

/** The machine that a configuration names. Nothing is connected yet; SSH is loaded only for a host that needs it. */
export async function openHost(target: HostTarget, options: SshOptions = {}): Promise<Host> {
  if (target.kind === 'local') return localHost();
  const { sshHost } = await import('./ssh.ts');
  return sshHost(target, options);
}
