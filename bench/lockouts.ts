import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Ending, reachableAfter, spring } from './lockout/spring.ts';
import { TRAPS } from './lockout/traps.ts';

/**
 * Changes of sshd and the firewall that shut everybody out, made on a lab's host as `ompay provision` makes them, with an
 * operator who stays, is killed at the change, or is killed before the second connection; every tenth time the host is
 * stopped and started meanwhile. Counts the hosts that nobody gets into any more. Some 30 s each.
 */
const { values } = parseArgs({
  options: {
    lab: { type: 'string' },
    host: { type: 'string', default: 'web1' },
    times: { type: 'string', default: '50' },
    guard: { type: 'string', default: '10' },
  },
});
const root = resolve(values.lab ?? '.');
const guardSeconds = Number(values.guard);
const host = values.host;
const ENDINGS: readonly Ending[] = ['stays', 'killed at the change', 'killed at the knock'];
const RESTART_EVERY = 10;
const PATIENCE_SECONDS = 90;
const PROGRAM = resolve(import.meta.dirname, '../bin/ompay');

function lab(...words: readonly string[]): string {
  return spawnSync(PROGRAM, ['-C', root, 'lab', ...words], { encoding: 'utf8', timeout: 120_000 }).stdout;
}

/** As if somebody had pulled the plug while nobody could log in. */
function restartHost(): void {
  lab('exec', host, '--', 'systemctl', 'poweroff', '--force');
  // Until it is really off, there is nothing to start.
  for (let look = 0; look < 60 && !new RegExp(`^${host} .* stopped `, 'm').test(lab('status')); look += 1)
    spawnSync('sleep', ['0.5']);
  lab('up');
}

let lockedOut = 0;
for (let time = 0; time < Number(values.times); time += 1) {
  const traps = Object.keys(TRAPS);
  const trap = traps[time % traps.length] ?? '';
  const ending = ENDINGS[Math.floor(time / traps.length + time) % ENDINGS.length] ?? 'stays';
  const isRestarted = time % RESTART_EVERY === RESTART_EVERY - 1 && ending !== 'stays';
  const { exitCode, output } = await spring({ root, host, trap, ending, guardSeconds });
  if (isRestarted) restartHost();
  const seconds = await reachableAfter({ root, host }, PATIENCE_SECONDS);
  if (seconds === null) lockedOut += 1;
  const summary = /"summary":"([^"]*)/.exec(output)?.[1] ?? '';
  const reached = seconds === null ? 'LOCKED OUT' : `in again after ${seconds.toFixed(1)} s`;
  process.stdout.write(
    `${time + 1}\t${trap}\t${ending}${isRestarted ? ', host restarted' : ''}\texit ${exitCode ?? 'killed'}\t${reached}\t${summary.slice(0, 160)}\n`,
  );
  // What the guard of a killed operator still keeps is put back before the next.
  lab(
    'exec',
    host,
    '--',
    'sh',
    '-c',
    'for each in /var/lib/ompay/guard/*/restore; do [ ! -e "$each" ] || sh "$each"; done',
  );
  if (seconds === null)
    lab('exec', host, '--', 'sh', '-c', 'iptables -P INPUT ACCEPT; iptables -F; systemctl restart ssh');
}
process.stdout.write(`locked out: ${lockedOut} of ${values.times} (${join(root, '.ompay/lab')})\n`);
process.exitCode = lockedOut === 0 ? 0 : 1;
