import { OmpayError } from '../../core/errors.ts';
import { contractOne, status, up } from './migrate.ts';
import { ping } from './ping.ts';
import { probeAccounts, probeCode } from './probe.ts';
import { prove } from './prove.ts';
import type { OpsCommand } from './tools.ts';

const COMMANDS: Readonly<Record<string, OpsCommand>> = {
  'migrate status': status,
  'migrate up': up,
  'migrate contract': contractOne,
  prove,
  ping,
  'probe accounts': probeAccounts,
  'probe code': probeCode,
};

/** The command that the words begin with, and the words after it. Throws `usage` naming all of them. */
export function findCommand(words: readonly string[]): {
  readonly command: OpsCommand;
  readonly words: readonly string[];
} {
  for (const count of [2, 1]) {
    const command = COMMANDS[words.slice(0, count).join(' ')];
    if (command !== undefined) return { command, words: words.slice(count) };
  }
  throw new OmpayError('usage', `there is no command ${JSON.stringify(words.join(' '))}`, {
    hint: `one of: ${Object.keys(COMMANDS).join(', ')}`,
  });
}
