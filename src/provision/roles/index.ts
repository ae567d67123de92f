import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { acmeRole } from './acme.ts';
import { appRole } from './app.ts';
import { auditRole } from './audit.ts';
import { authorityRole } from './authority.ts';
import { baseRole } from './base.ts';
import { confinementRole } from './confinement.ts';
import { exportersRole } from './exporters.ts';
import { fail2banRole } from './fail2ban.ts';
import { firewallRole } from './firewall.ts';
import { haproxyRole } from './haproxy.ts';
import { integrityRole } from './integrity.ts';
import { journaldRole } from './journald.ts';
import { loginRole } from './login.ts';
import { logrotateRole } from './logrotate.ts';
import { mariadbRole } from './mariadb.ts';
import { mountsRole } from './mounts.ts';
import { mysqlRole } from './mysql.ts';
import { nginxRole } from './nginx.ts';
import { postgresRole } from './postgres.ts';
import { redisRole } from './redis.ts';
import { sshRole } from './ssh.ts';
import { swapRole } from './swap.ts';
import { sysctlRole } from './sysctl.ts';
import { timeRole } from './time.ts';
import { upgradesRole } from './upgrades.ts';
import { usbRole } from './usb.ts';

/** In the order in which they are done; guarded ones come after all others. */
export const ROLES: readonly Role<HostInput>[] = [
  baseRole,
  timeRole,
  journaldRole,
  swapRole,
  sysctlRole,
  mountsRole,
  loginRole,
  upgradesRole,
  auditRole,
  usbRole,
  fail2banRole,
  authorityRole,
  mysqlRole,
  mariadbRole,
  postgresRole,
  redisRole,
  logrotateRole,
  appRole,
  confinementRole,
  nginxRole,
  haproxyRole,
  // Its server looks at what the two before answer.
  acmeRole,
  // Those of services that run by now.
  exportersRole,
  integrityRole,
  sshRole,
  firewallRole,
];
