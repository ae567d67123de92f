import { systemClock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { findCommand } from './ops/commands.ts';
import { readRequest } from './ops/read-request.ts';
import { withOpsTools } from './ops/tools.ts';

/**
 * What operators ask of a release on its server, where nothing else has the schema and the keys: one command, one line of
 * JSON on stdout, also for an error (`{"error":{"code","message","hint"}}`), and an exit code of docs/exit-codes.md.
 */
process.exit(await main());

async function main(): Promise<number> {
  try {
    const request = readRequest(process.argv.slice(2));
    const { command, words } = findCommand(request.words);
    // Root reads the file of secrets; what talks to servers then need not be root.
    if (request.user !== undefined) become(request.user);
    const tools = { settings: request.settings, clock: systemClock, words };
    const { said, exitCode = 0 } = await withOpsTools(tools, command);
    process.stdout.write(`${JSON.stringify(said)}\n`);
    return exitCode;
  } catch (error) {
    const known = error instanceof OmpayError ? error : undefined;
    const { code, hint } = known ?? { code: 'internal', hint: 'please report it' };
    const cause = known?.cause === undefined ? '' : `: ${messageOf(known.cause)}`;
    const message = `${messageOf(error)}${cause}`;
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
    return known?.exitCode ?? 6;
  }
}

function become(user: string): void {
  process.setgroups?.([]);
  process.setgid?.(user);
  process.setuid?.(user);
}
