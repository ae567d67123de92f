import type { Host } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import { type Shell, sh } from '../../shell/line.ts';
import type { Guard } from '../role.ts';
import { runOn } from './run.ts';

const GUARDS = '/var/lib/ompay/guard';
const UNITS = '/etc/systemd/system';
const SHORT_MS = 60_000;

export interface GuardKit {
  readonly guardOf: (role: string) => Guard;
  /** Opens a connection of its own to the same host, with a new handshake, and closes it. Throws when it cannot. */
  readonly knock: (host: string) => Promise<void>;
}

/**
 * A change that can lock its operator out: the host itself puts the old state back unless it is told not to, over a
 * connection that was opened after the change. It does so by a timer, and when it is started again meanwhile.
 */
export function guardHandlers({ guardOf, knock }: GuardKit): Handlers {
  return {
    'guard.arm': async ({ role, seconds }, { host, signal }) => {
      const line = armLine(String(role), Number(seconds), guardOf(String(role)));
      await work(host, line, 'keep the old state', signal);
      return { shown: `${String(seconds)} s` };
    },
    'guard.knock': async (_input, { host }) => {
      await knock(host.name);
      return {};
    },
    'guard.disarm': async ({ role }, { host }) => {
      await work(host, disarmLine(String(role)), 'take the timer away');
      return {};
    },
    'guard.restore': async ({ role }, { host }) => {
      const { folder } = placeOf(String(role));
      const line = sh`if [ -e ${`${folder}/restore`} ]; then sh ${`${folder}/restore`}; fi`;
      await work(host, line, 'put the old state back');
      return {};
    },
  };
}

interface Place {
  readonly folder: string;
  /** Without its ending. */
  readonly unit: string;
  /** Held by whoever restores or disarms, so that only one of them does. */
  readonly lock: string;
}

function placeOf(role: string): Place {
  return { folder: `${GUARDS}/${role}`, unit: `ompay-guard-${role}`, lock: `${GUARDS}/${role}.lock` };
}

/** One that was left behind is not overwritten: what it kept is the older, good state, and it is put back first. */
function armLine(role: string, seconds: number, guard: Guard): Shell {
  const { folder, unit } = placeOf(role);
  const paths = guard.paths.map((path) => path.replace(/^\//, ''));
  return sh`set -e
if [ -e ${`${folder}/restore`} ]; then sh ${`${folder}/restore`}; fi
rm -rf -- ${folder}
install -d -m 0700 ${GUARDS} ${folder}
cd ${folder}
{ find ${guard.paths} ! -type d 2>/dev/null || true; } >kept
set -- ; for path in ${paths}; do if [ -e "/$path" ]; then set -- "$@" "$path"; fi; done
tar -cpf state.tar -C / -T /dev/null "$@"
( ${guard.live} ) >live
printf '%s\n' ${unitText(role)} >${`${UNITS}/${unit}.service`}
printf '%s\n' ${restoreText(role, guard)} >restore.part
sync; mv restore.part restore; sync -f .
systemctl daemon-reload
systemctl -q enable ${`${unit}.service`}
systemd-run -q --unit=${`${unit}-timer`} --on-active=${seconds} --timer-property=AccuracySec=1s systemctl --no-block start ${`${unit}.service`}`;
}

/** Enabled, so that a start of the host in between puts the old state back before anybody could log in. */
function unitText(role: string): string {
  const { folder } = placeOf(role);
  return `[Unit]
Description=Put back what ompay provision changed of ${role}, as its operator did not come back
ConditionPathExists=${folder}/restore
[Service]
Type=oneshot
ExecStart=/bin/sh ${folder}/restore
Restart=on-failure
RestartSec=10
[Install]
WantedBy=multi-user.target`;
}

/** Files that were not there are removed first: they may be what shuts everybody out. Safe to be run twice. */
function restoreText(role: string, { paths, putBack }: Guard): string {
  const { folder, lock, unit } = placeOf(role);
  const line = sh`exec 9>${lock}
flock -w 30 9 || exit 1
[ -e ${`${folder}/restore`} ] || exit 0
cd ${folder} || exit 1
find ${paths} ! -type d 2>/dev/null | grep -vxFf kept | while IFS= read -r each; do rm -f -- "$each"; done
tar -xpf state.tar -C / || exit 1
( ${putBack} ) || exit 1
logger -t ompay ${`guard: put the old state of ${role} back`} || true
${clearLine(folder, unit)}`;
  return line.text;
}

function clearLine(folder: string, unit: string): Shell {
  return sh`rm -rf -- ${folder}
systemctl stop ${`${unit}-timer.timer`} 2>/dev/null
systemctl -q disable ${`${unit}.service`} 2>/dev/null
rm -f -- ${`${UNITS}/${unit}.service`}
systemctl daemon-reload`;
}

/** Refused when the host has put the old state back meanwhile: then the change is not in force. */
function disarmLine(role: string): Shell {
  const { folder, lock, unit } = placeOf(role);
  return sh`exec 9>${lock}
flock -w 30 9 || exit 1
if [ ! -e ${`${folder}/restore`} ]; then echo 'it has put the old state back itself meanwhile' >&2; exit 1; fi
${clearLine(folder, unit)}
exit 0`;
}

async function work(host: Host, line: Shell, title: string, signal?: AbortSignal): Promise<void> {
  const hint = `see journalctl -t ompay and systemctl list-timers 'ompay-guard-*' on ${host.name}`;
  await runOn(host, line, { title, timeoutMs: SHORT_MS, hint, ...(signal === undefined ? {} : { signal }) });
}
