import { existsSync, readFileSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { cgroupFolder, isRunning } from './facts.ts';
import { hostNames } from './names.ts';
import { sshAnswers } from './ssh-answer.ts';
import type { Lab, LabHost } from './types.ts';

/** In which a host has begun to run, or never will. */
const START_MS = 3000;
const TRY_MS = 1000;
const PAUSE_MS = 100;

export interface SshWait {
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Waits until the host's sshd greets; gives the milliseconds. Throws `commandFailed` when the host has ended, `timeout` when
 * it lives and says nothing, both with its last words.
 */
export async function waitForSsh(
  lab: Lab,
  host: LabHost,
  { limitMs, clock, signal }: SshWait,
): Promise<number> {
  const startedMs = clock.monotonicMs();
  for (;;) {
    if (await sshAnswers(host.address, TRY_MS)) return Math.round(clock.monotonicMs() - startedMs);
    const waitedMs = clock.monotonicMs() - startedMs;
    if (waitedMs > START_MS && !isRunning(cgroupFolder(), lab, host))
      throw withLastWords('commandFailed', `${host.name} ended while it booted`, lab, host);
    if (waitedMs > limitMs)
      throw withLastWords(
        'timeout',
        `${host.name}: no sshd on ${host.address}:22 in ${limitMs} ms`,
        lab,
        host,
      );
    await clock.sleep(PAUSE_MS, signal);
  }
}

function withLastWords(
  code: 'commandFailed' | 'timeout',
  message: string,
  lab: Lab,
  host: LabHost,
): OmpayError {
  const { log } = hostNames(lab.id, host.name, host.index);
  const text = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000).trimEnd() : '';
  const said = text === '' ? 'it wrote nothing' : text.split('\n').slice(-3).join(' | ');
  return new OmpayError(code, `${message}: ${said}`, { hint: `read how it booted: cat ${log}` });
}
