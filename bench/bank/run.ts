import { checkInvariants } from '../../src/api/ledger/invariants.ts';
import { systemClock } from '../../src/core/clock.ts';
import { messageOf } from '../../src/core/errors.ts';
import { isHealthy } from '../../tests/fixtures/api-process.ts';
import { checkHistory, type Violation } from './checker.ts';
import { askOnce, type Bank, bankOf, other, type Ran, runClient } from './clients.ts';
import { drawOf } from './draw.ts';
import { castOf, drawSteps, WISHES } from './errands.ts';
import type { History } from './history.ts';
import { drawFaults, type Fault, strike } from './nemesis.ts';
import { fundsOf, observe } from './observed.ts';
import { readSnapshot, readSnapshots } from './snapshots.ts';
import type { Stage } from './stage.ts';
import { makePeople } from './world.ts';

const CLIENTS = 10;
const STEPS = 10;
const HEAL_MS = 20_000;
const ASK_AGAIN_AFTER_MS = 50;
const MOST_ASKS = 40;

export interface RunResult {
  readonly seed: number;
  /** False when something that was struck did not come back. */
  readonly healed: boolean;
  readonly violations: readonly Violation[];
  readonly faults: readonly Fault[];
  readonly operations: number;
  /** Of them, acknowledged with 200. */
  readonly acknowledged: number;
  /** Of them, those that were once of unknown outcome. */
  readonly unknown: number;
  readonly snapshots: number;
  readonly heard: ReadonlyMap<string, number>;
  readonly durationMs: number;
}

/** One run: people, clients, faults, and the verdict. Every draw comes from the seed; the machine's timing does not. */
export async function runBank(stage: Stage, seed: number, runNumber: number): Promise<RunResult> {
  const startedMs = systemClock.monotonicMs();
  const draw = drawOf(seed);
  const people = await makePeople(stage, WISHES, runNumber * WISHES.length);
  const accountIds = people.map(({ accountId }) => accountId);
  const faults = drawFaults(draw, stage, accountIds);
  const days = Array.from({ length: CLIENTS }, (_, client) =>
    drawSteps(draw, castOf(people), `${seed}-${client}`, STEPS),
  );
  const reader = { database: stage.database, connection: stage.connection, accountIds };
  const before = await fundsOf(stage.database.kysely, accountIds);
  const { circulatingXof } = await readSnapshot(reader);
  const bank = bankOf([stage.processes[0].socketPath, stage.processes[1].socketPath]);
  const stop = new AbortController();
  const looking = readSnapshots(reader, stop.signal);
  const [ran] = await Promise.all([
    Promise.all(days.map((steps) => runClient(bank, steps))),
    strike(stage, faults),
  ]);
  await healed(stage);
  await resolve(bank, ran.flat());
  stop.abort();
  const snapshots = [...(await looking), await readSnapshot(reader)];
  const operations = ran.flat().map(({ errand }) => errand.operation);
  const history: History = {
    operations,
    snapshots,
    circulatingXof,
    before,
    ...(await observe(stage.database, accountIds)),
  };
  bank.agent.destroy();
  return {
    seed,
    healed: true,
    violations: [...checkHistory(history), ...(await brokenInvariants(stage))],
    faults,
    operations: operations.length,
    acknowledged: operations.filter(({ answers }) => answers[0]?.status === 200).length,
    unknown: operations.filter(({ unknowns }) => unknowns > 0).length,
    snapshots: snapshots.length,
    heard: bank.heard,
    durationMs: systemClock.monotonicMs() - startedMs,
  };
}

/** A run that could not be judged, as what was struck did not come back: it has failed too. */
export function brokenRun(seed: number, error: unknown): RunResult {
  return {
    seed,
    healed: false,
    violations: [{ rule: 'unresolved', detail: messageOf(error) }],
    faults: [],
    operations: 0,
    acknowledged: 0,
    unknown: 0,
    snapshots: 0,
    heard: new Map(),
    durationMs: 0,
  };
}

/** Waits until both processes say that all is well. */
async function healed({ processes, name }: Stage): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + HEAL_MS;
  for (;;) {
    const healthy = await Promise.all(processes.map(({ socketPath }) => isHealthy(socketPath)));
    if (healthy.every((each) => each)) return;
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${name} did not heal within ${HEAL_MS} ms`);
    await systemClock.sleep(ASK_AGAIN_AFTER_MS);
  }
}

/** Asks every key of unknown outcome, and some that were answered, until there is an answer. */
async function resolve(bank: Bank, ran: readonly Ran[]): Promise<void> {
  const open = ran.filter(({ errand, again }) => again || errand.operation.answers.length === 0);
  await Promise.all(
    open.map(async ({ errand }, index) => {
      let process: 0 | 1 = index % 2 === 0 ? 0 : 1;
      for (let asks = 0; asks < MOST_ASKS; asks += 1) {
        const { settled, waitMs } = await askOnce(bank, errand, process);
        if (settled) return;
        process = other(process);
        // Someone who asked sixty times in a minute is let in again only when it is over.
        await systemClock.sleep(Math.max(ASK_AGAIN_AFTER_MS, waitMs));
      }
    }),
  );
}

/** What the ledger says of itself. */
async function brokenInvariants({ database }: Stage): Promise<readonly Violation[]> {
  const { chainBreak, ...counts } = await checkInvariants(database);
  const broken = Object.entries(counts).filter(([, count]) => count !== 0);
  return [
    ...broken.map(([name, count]): Violation => ({ rule: 'total', detail: `${name} is ${count}` })),
    ...(chainBreak === undefined
      ? []
      : [{ rule: 'total' as const, detail: `the chain breaks: ${JSON.stringify(chainBreak)}` }]),
  ];
}
