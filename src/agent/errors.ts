import { OmpayError } from '../core/errors.ts';
import type { ExecResult } from '../host/host.ts';
import type { Shell } from '../shell/line.ts';

/** A line on this host that did not end with 0. */
export function commandFailed(line: Shell, { exitCode, stdout, stderr }: ExecResult): OmpayError {
  const said = (stderr || stdout).trim().split('\n').slice(-3).join(' ').slice(-500);
  return new OmpayError('commandFailed', `\`${line.shown}\` exited ${exitCode ?? 'by a signal'}: ${said}`, {
    hint: 'run it by hand on the host',
  });
}
