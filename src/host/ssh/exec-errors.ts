import { messageOf, OmpayError } from '../../core/errors.ts';
import type { Shell } from '../../shell/line.ts';
import { type SshTarget, shownSshTarget } from './target.ts';

interface Limits {
  readonly timeoutMs: number;
  readonly idleMs?: number | undefined;
  readonly maxBytes: number;
  readonly operationId: string | undefined;
}

const MAX_SAID_CHARACTERS = 300;

export function tooLong(
  target: SshTarget,
  line: Shell,
  { timeoutMs }: Limits,
  hasEnded: boolean,
): OmpayError {
  return new OmpayError(
    'timeout',
    `\`${line.shown}\` was still running after ${timeoutMs} ms on ${target.name}${orNot(hasEnded)}`,
    {
      hint: 'run it by hand to see where it hangs',
    },
  );
}

export function tooQuiet(target: SshTarget, line: Shell, { idleMs }: Limits, hasEnded: boolean): OmpayError {
  return new OmpayError(
    'timeout',
    `\`${line.shown}\` wrote nothing for ${idleMs} ms on ${target.name}${orNot(hasEnded)}`,
    {
      hint: 'run it by hand to see where it hangs',
    },
  );
}

function orNot(hasEnded: boolean): string {
  return hasEnded ? '' : ', and could not be ended from here: the host ends it at its time limit';
}

export function tooMuch(target: SshTarget, line: Shell, { maxBytes }: Limits): OmpayError {
  return new OmpayError(
    'commandFailed',
    `\`${line.shown}\` wrote more than ${maxBytes} bytes on ${target.name}`,
    {
      hint: 'send its output to a file',
    },
  );
}

/** The connection was lost and did not come back. */
export function unknownEnd(
  target: SshTarget,
  line: Shell,
  { operationId }: Limits,
  cause: unknown,
): OmpayError {
  const what =
    operationId === undefined ? '' : `, and whether it is done (operation ${operationId}) is not known`;
  const why = cause === undefined ? 'each time' : messageOf(cause);
  return new OmpayError(
    'hostUnreachable',
    `the connection to ${target.name} was lost in \`${line.shown}\`${what}: ${why}`,
    {
      hint:
        operationId === undefined
          ? `see whether it is up: ssh -p ${target.port} ${target.user}@${target.address}`
          : `once it is back, on ${target.name}: cat /var/lib/ompay/operations/${operationId}/code (without root: under ~/.local/state)`,
      cause,
    },
  );
}

/** Its host restarted, or somebody killed it. */
export function brokenOff(target: SshTarget, line: Shell, { operationId }: Limits): OmpayError {
  return new OmpayError(
    'commandFailed',
    `\`${line.shown}\` began on ${target.name} and did not end (operation ${operationId})`,
    {
      hint: `see what it left: ssh -p ${target.port} ${target.user}@${target.address} uptime`,
    },
  );
}

export function notBegun(target: SshTarget, line: Shell, why: string): OmpayError {
  return new OmpayError('commandFailed', `\`${line.shown}\` was not begun on ${target.name}: ${why}`, {
    hint: `see whether its disk is full: ssh -p ${target.port} ${target.user}@${target.address} df -h`,
  });
}

export function noSudo(target: SshTarget, said: string): OmpayError {
  return new OmpayError(
    'accessDenied',
    `${shownSshTarget(target)} cannot become root without a password: ${shown(said)}`,
    {
      hint: `on ${target.name}, visudo -f /etc/sudoers.d/ompay: ${target.user} ALL=(root) NOPASSWD: ALL`,
    },
  );
}

export function noShell(target: SshTarget, said: string): OmpayError {
  return new OmpayError('accessDenied', `${shownSshTarget(target)} runs no command: ${shown(said)}`, {
    hint: `see its login shell, and that coreutils are there: ssh -p ${target.port} ${target.user}@${target.address} true`,
  });
}

function shown(said: string): string {
  return said.trim().slice(0, MAX_SAID_CHARACTERS) || 'it says nothing';
}
