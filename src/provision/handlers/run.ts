import { OmpayError } from '../../core/errors.ts';
import type { ExecOptions, Host } from '../../host/host.ts';
import type { Shell } from '../../shell/line.ts';

export interface Work extends Omit<ExecOptions, 'timeoutMs'> {
  /** `write /etc/hosts`: what could not be done. */
  readonly title: string;
  readonly timeoutMs: number;
  readonly hint: string;
}

/** Runs a line that must exit 0; else throws `commandFailed` with the work, the host and the end of what it said. */
export async function runOn(host: Host, line: Shell, { title, hint, ...options }: Work): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(line, options);
  if (exitCode === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  throw new OmpayError('commandFailed', `could not ${title} on ${host.name}: ${said || `exit ${exitCode}`}`, {
    hint,
  });
}
