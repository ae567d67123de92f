import { systemClock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { localHost } from '../host/local.ts';
import { carry } from './carry.ts';
import { gatherFacts } from './facts.ts';
import { hostPaths } from './paths.ts';
import { releaseCommand } from './releases/commands.ts';
import { systemdUnits } from './units.ts';

/**
 * The program that ompay keeps on each web host. `facts` prints what is there as JSON. `carry RUN LEASE_MS UID` is the process
 * that carries one run's switch: it is a transient unit of systemd, so it outlives the connection that started it.
 */
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());

const [command, ...words] = process.argv.slice(2);
const kit = { paths: hostPaths(), units: systemdUnits(localHost()), clock: systemClock };

try {
  if (command === 'facts') process.stdout.write(`${JSON.stringify(await gatherFacts(kit))}\n`);
  else if (command === 'carry') await carryRun(words);
  else process.stdout.write(`${JSON.stringify(releaseCommand(command ?? '', words) ?? unknown(command))}\n`);
} catch (error) {
  const hint = error instanceof OmpayError ? `\nhint: ${error.hint}` : '';
  process.stderr.write(`ompay agent: ${messageOf(error)}${hint}\n`);
  process.exit(error instanceof OmpayError ? error.exitCode : 6);
}

async function carryRun([run = '', leaseMs, operatorUid]: readonly string[]): Promise<void> {
  if (!/^[0-9A-Z]{26}$/.test(run))
    throw new OmpayError('usage', `${JSON.stringify(run)} names no run`, { hint: 'a ULID' });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await carry(
    { ...kit, run, leaseMs: Number(leaseMs), say },
    { operatorUid: Number(operatorUid), stop: stopping.signal },
  );
}

function unknown(command: string | undefined): never {
  throw new OmpayError('usage', `the agent has no command ${JSON.stringify(command)}`, {
    hint: 'facts, carry, verify, inventory or prune',
  });
}
