/**
 * npm run bench:kill [-- --times 5]
 * SIGKILL of the front, the live slot, the database host and the supervisor under load (64 connections, transfers and
 * reads): how long until a transfer's balance can be read again through the front, and whether an acknowledged transfer
 * was lost. Loopback, a temporary folder, bounded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { localLayout } from '../src/core/layout.ts';
import { liveSlot } from '../src/deploy/facts.ts';
import { supervisorClient } from '../src/front/supervisor-client.ts';
import { ompay, timed, underLoad } from './switch/installation.ts';
import { countReferences, seedUsers } from './switch/seed.ts';

const PORT = 18_081;
const USERS = 64 * 61;
const LIMIT_MS = 15_000;
const BAR_MS = 3000;

const { values } = parseArgs({ options: { times: { type: 'string', default: '5' } } });
const programRoot = resolve(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'ompay-bench-'));
const layout = localLayout(work);
const supervisor = supervisorClient(layout.supervisorSocket);

try {
  timed({ tree: programRoot, work }, ['deploy', '--port', String(PORT)]);
  const users = await seedUsers(layout, USERS);
  const token = users[0]?.token ?? '';
  const times = new Map<string, number[]>();
  const load = await underLoad({ work, port: PORT, users, programRoot }, async () => {
    for (let turn = 0; turn < Number(values.times); turn += 1) {
      for (const target of ['front', 'slot', 'database', 'supervisor']) {
        const backMs = await killed(target, token);
        times.set(target, [...(times.get(target) ?? []), backMs]);
        await systemClock.sleep(3000);
      }
    }
  });
  const ledger = await countReferences(layout, load.references);
  say('| killed | times | median ms until it answers | worst ms |');
  say('|---|---|---|---|');
  for (const [target, each] of times) {
    const sorted = [...each].sort((a, b) => a - b);
    say(
      `| ${target} | ${sorted.length} | ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} | ${Math.round(sorted.at(-1) ?? 0)} |`,
    );
  }
  say(
    `\n${load.references.length} acknowledged transfers: ${ledger.missing} missing, ${ledger.doubled} doubled; entries sum to ${ledger.sumXof} XOF`,
  );
  const worst = Math.max(...[...times.values()].flat());
  process.exitCode =
    worst <= BAR_MS && ledger.missing === 0 && ledger.doubled === 0 && ledger.sumXof === 0 ? 0 : 1;
} finally {
  ompay({ tree: programRoot, work }, ['down']);
  rmSync(work, { recursive: true, force: true });
}

/** Milliseconds from SIGKILL to the first right answer of an authenticated read that begins after it. */
async function killed(target: string, token: string): Promise<number> {
  const status = await supervisor.status();
  const name = target === 'slot' ? (liveSlot(layout) ?? 'blue') : target;
  const pid =
    name === 'supervisor' ? status.pid : status.services.find((service) => service.name === name)?.pid;
  if (pid == null) throw new Error(`${name} does not run`);
  const startedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  while (!(await answers(token))) {
    if (performance.now() - startedMs > LIMIT_MS) return LIMIT_MS;
    await systemClock.sleep(10);
  }
  return performance.now() - startedMs;
}

async function answers(token: string): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    const answer = await fetch(`http://127.0.0.1:${PORT}/api/ompay/balance`, {
      headers,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
