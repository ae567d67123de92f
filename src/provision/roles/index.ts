import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { auditRole } from './audit.ts';
import { baseRole } from './base.ts';
import { fail2banRole } from './fail2ban.ts';
import { firewallRole } from './firewall.ts';
import { journaldRole } from './journald.ts';
import { sshRole } from './ssh.ts';
import { swapRole } from './swap.ts';
import { sysctlRole } from './sysctl.ts';
import { timeRole } from './time.ts';
import { upgradesRole } from './upgrades.ts';

/** In the order in which they are done; guarded ones come after all others. */
export const ROLES: readonly Role<HostInput>[] = [
  baseRole,
  timeRole,
  journaldRole,
  swapRole,
  sysctlRole,
  upgradesRole,
  auditRole,
  fail2banRole,
  sshRole,
  firewallRole,
];
