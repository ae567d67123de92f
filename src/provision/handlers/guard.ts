import { OmpayError } from '../../core/errors.ts';
import type { Host } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import { type Shell, sh } from '../../shell/line.ts';
import type { Guard } from '../role.ts';

const GUARDS = '/var/lib/ompay/guard';
const SHORT_MS = 20_000;

export interface GuardKit {
  readonly guardOf: (role: string) => Guard;
  /** Opens a connection of its own to the same host, with a new handshake, and closes it. Throws when it cannot. */
  readonly knock: (host: string) => Promise<void>;
}

/**
 * A change that can lock its operator out: the host itself puts the old state back unless it is told not to, over a
 * connection that was opened after the change. A restart of the host in between puts it back too, as the timer's unit
 * is gone but the folder is there: the next `guard.arm` finds and restores it.
 */
export function guardHandlers({ guardOf, knock }: GuardKit): Handlers {
  return {
    'guard.arm': async ({ role, seconds }, { host }) => {
      await run(host, armLine(String(role), Number(seconds), guardOf(String(role))), 'keep the old state');
      return {};
    },
    'guard.knock': async (_input, { host }) => {
      await knock(host.name);
      return {};
    },
    'guard.disarm': async ({ role }, { host }) => {
      const { folder, unit } = placeOf(String(role));
      await run(host, sh`systemctl stop ${`${unit}.timer`} && rm -rf -- ${folder}`, 'take the timer away');
      return {};
    },
    'guard.restore': async ({ role }, { host }) => {
      const { folder, unit } = placeOf(String(role));
      const line = sh`if [ -e ${`${folder}/restore`} ]; then sh ${`${folder}/restore`}; fi; systemctl stop ${`${unit}.timer`} 2>/dev/null || true`;
      await run(host, line, 'put the old state back');
      return {};
    },
  };
}

function placeOf(role: string): { readonly folder: string; readonly unit: string } {
  return { folder: `${GUARDS}/${role}`, unit: `ompay-guard-${role}` };
}

/** One that was left behind is not overwritten: what it kept is the older, good state, and it is put back first. */
function armLine(role: string, seconds: number, { paths, live, putBack }: Guard): Shell {
  const { folder, unit } = placeOf(role);
  const restore = sh`cd ${folder} && tar -xpf state.tar -C / && ( ${putBack} ); rm -rf -- ${folder}`;
  return sh`set -e
if [ -e ${`${folder}/restore`} ]; then sh ${`${folder}/restore`}; fi
systemctl stop ${`${unit}.timer`} 2>/dev/null || true
install -d -m 0700 ${folder}
cd ${folder}
set +e; tar -cpf state.tar --ignore-failed-read -C / ${paths.map((path) => path.replace(/^\//, ''))} 2>/dev/null; set -e
( ${live} ) >live
printf '%s\n' ${restore.text} >restore
sync -f .
systemd-run -q --unit=${unit} --on-active=${seconds} --timer-property=AccuracySec=1s /bin/sh ${`${folder}/restore`}`;
}

async function run(host: Host, line: Shell, title: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(line, { timeoutMs: SHORT_MS });
  if (exitCode === 0) return;
  throw new OmpayError(
    'commandFailed',
    `could not ${title} on ${host.name}: ${stderr.trim() || `exit ${exitCode}`}`,
    {
      hint: `see systemctl list-timers 'ompay-guard-*' on ${host.name}`,
    },
  );
}
