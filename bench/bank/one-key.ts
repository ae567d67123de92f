import { systemClock } from '../../src/core/clock.ts';
import { isHealthy } from '../../tests/fixtures/api-process.ts';
import { askOnce, type Bank, bankOf } from './clients.ts';
import type { Errand } from './errands.ts';
import { observe } from './observed.ts';
import type { Stage } from './stage.ts';
import type { Accident } from './step-proxy.ts';
import { makePeople, type Person } from './world.ts';

export type Crash = 'cut' | 'silence' | 'kill api' | 'kill database';
export const CRASHES: readonly Crash[] = ['cut', 'silence', 'kill api', 'kill database'];

export interface KeyCase {
  readonly crash: Crash;
  readonly when: Accident['when'];
  /** What the process says to its database just then; when it does not say so, nothing happens. */
  readonly step: string;
}

export interface KeyResult extends KeyCase {
  /** Everything that was said until all was answered. */
  readonly steps: readonly string[];
  readonly reached: boolean;
  readonly problems: readonly string[];
  /** Of the hundred, how many were answered with the transfer at once. */
  readonly answeredAtOnce: number;
}

const AMOUNT_XOF = 100;
const FUNDS_XOF = 10_000;
/** Of each process: what its rate limit leaves, a minute, to one user who has asked fifty times. */
const LATER_ASKS = 8;
const HALF = 50;
const ASK_AGAIN_AFTER_MS = 60;
const HEAL_MS = 60_000;

/**
 * One key, a hundred times at once: fifty at the process whose words are counted, and fifty at the other from the moment
 * of the accident. Then all is healed and the key is asked again.
 */
export async function tryKey(
  stage: Stage,
  { crash, when, step }: KeyCase,
  number: number,
): Promise<KeyResult> {
  const { proxy } = stage;
  const people = await makePeople(stage, [payer, receiver], number * 2);
  const [debit, credit] = people;
  if (debit === undefined || credit === undefined) throw new Error('two people were asked for');
  const errand = errandOf(debit, credit, number);
  const [first, second] = stage.processes;
  const bank = bankOf([first.socketPath, second.socketPath]);
  const struck = Promise.withResolvers<void>();
  const mending: Promise<void>[] = [];
  const connection = crash === 'cut' ? 'cut' : crash === 'silence' ? 'silent' : 'kept';
  const act = (): void => {
    mending.push(strike(stage, crash));
    struck.resolve();
  };
  proxy.prepare({ step, when, connection, act });
  const asked = askFifty(bank, errand, 0);
  await Promise.race([struck.promise, asked]);
  const reached = proxy.happened();
  await Promise.all([asked, askFifty(bank, errand, 1)]);
  const steps = [...proxy.steps()];
  await Promise.all(mending);
  await healthy(stage);
  const answeredAtOnce = errand.operation.answers.length;
  await askAgain(bank, errand);
  bank.agent.destroy();
  return {
    crash,
    when,
    step,
    steps,
    reached,
    problems: await problemsOf(stage, errand, people),
    answeredAtOnce,
  };
}

const payer = { kind: 'customer', fundsXof: FUNDS_XOF } as const;
const receiver = { kind: 'customer', fundsXof: 0 } as const;

function errandOf(debit: Person, credit: Person, number: number): Errand {
  return {
    operation: {
      kind: 'transfer',
      key: `one-key-${number}`,
      debitAccountId: debit.accountId,
      creditAccountId: credit.accountId,
      amountXof: AMOUNT_XOF,
      answers: [],
      unknowns: 0,
    },
    token: debit.token,
    path: '/api/ompay/transfer',
    body: JSON.stringify({ recipient_telephone: credit.telephone, amount: AMOUNT_XOF }),
  };
}

async function askFifty(bank: Bank, errand: Errand, process: 0 | 1): Promise<void> {
  await Promise.all(Array.from({ length: HALF }, () => askOnce(bank, errand, process)));
}

/** Breaks what is to be broken, and mends it. */
async function strike({ processes, server }: Stage, crash: Crash): Promise<void> {
  if (crash === 'kill api') {
    await processes[0].kill();
    await processes[0].start();
  }
  if (crash === 'kill database') {
    await server.kill();
    await server.restart();
  }
}

async function healthy({ processes }: Stage): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + HEAL_MS;
  for (const { socketPath } of processes) {
    while (!(await isHealthy(socketPath))) {
      if (systemClock.monotonicMs() > deadlineMs) throw new Error(`no health within ${HEAL_MS} ms`);
      await systemClock.sleep(ASK_AGAIN_AFTER_MS);
    }
  }
}

async function askAgain(bank: Bank, errand: Errand): Promise<void> {
  for (const process of [0, 1] as const) {
    for (let asks = 0; asks < LATER_ASKS; asks += 1) {
      if ((await askOnce(bank, errand, process)).settled) break;
      await systemClock.sleep(ASK_AGAIN_AFTER_MS);
    }
  }
}

/** One transfer, as asked for; every answer has the same bytes. */
async function problemsOf(
  { database }: Stage,
  { operation }: Errand,
  people: readonly Person[],
): Promise<readonly string[]> {
  const { transfers, after } = await observe(
    database,
    people.map(({ accountId }) => accountId),
  );
  const [answer] = operation.answers;
  const bodies = new Set(operation.answers.map(({ status, body }) => `${status} ${body}`));
  const spent = AMOUNT_XOF + (answer?.feeXof ?? 0);
  const balances = new Map(after.map(({ accountId, balanceXof }) => [accountId, balanceXof]));
  const checks: readonly (readonly [boolean, string])[] = [
    [answer?.status === 200, `the answer is ${answer?.status} ${answer?.body}`],
    [bodies.size <= 1, `there are ${bodies.size} answers: ${[...bodies].join(' | ')}`],
    [transfers.length === 1, `there are ${transfers.length} transfers`],
    [transfers[0]?.reference === answer?.reference, 'the transfer is another than was told'],
    [balances.get(operation.debitAccountId) === FUNDS_XOF - spent, 'the payer has another balance'],
    [balances.get(operation.creditAccountId) === AMOUNT_XOF, 'the receiver has another balance'],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}
