import { Agent } from 'node:http';
import { systemClock } from '../../src/core/clock.ts';
import { type Errand, endingErrands, type Step } from './errands.ts';
import { exchange, type Heard } from './exchange.ts';
import type { Answer } from './history.ts';

/** Longer than the API takes to give up on a database that is away. */
const ANSWER_MS = 4_000;
const AFTER_FAILURE_MS = 30;
const AFTER_TWO_MS = 200;

export interface Bank {
  /** The sockets of the two processes. */
  readonly sockets: readonly [string, string];
  readonly agent: Agent;
  /** How often each status was heard, and how often nothing was (`none`). */
  readonly heard: Map<string, number>;
}

export interface Ran {
  readonly errand: Errand;
  /** Ask again at the end, though it was answered. */
  readonly again: boolean;
}

export function bankOf(sockets: readonly [string, string]): Bank {
  return { sockets, agent: new Agent({ keepAlive: true, maxSockets: 64 }), heard: new Map() };
}

/** One client: its steps one after the other. Gives all that it asked for. */
export async function runClient(bank: Bank, steps: readonly Step[]): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  for (const step of steps) {
    const { errand, again, process } = step;
    ran.push({ errand, again });
    await Promise.all([
      askStubbornly(bank, errand, process),
      ...(step.twice ? [askOnce(bank, errand, other(process))] : []),
    ]);
    const endings = endingsOf(step);
    ran.push(...endings.map((ending) => ({ errand: ending, again })));
    // Through both processes when there are two: of a confirmation and a cancellation, one wins.
    await Promise.all(
      endings.map((ending, index) => askStubbornly(bank, ending, index === 0 ? process : other(process))),
    );
    await systemClock.sleep(step.pauseMs);
  }
  return ran;
}

function endingsOf(step: Step): readonly Errand[] {
  const { kind, answers } = step.errand.operation;
  const [answer] = answers;
  if (kind !== 'open' || answer?.status !== 200) return [];
  const { data }: { data: { reference: string; code: string } } = JSON.parse(answer.body);
  return endingErrands(step, data);
}

/** As an app does: when the outcome is unknown, once more at the other process, in the middle of whatever goes on. */
async function askStubbornly(bank: Bank, errand: Errand, process: 0 | 1): Promise<void> {
  if ((await askOnce(bank, errand, process)).settled) return;
  await systemClock.sleep(AFTER_FAILURE_MS);
  if ((await askOnce(bank, errand, other(process))).settled) return;
  // Else a client's whole day would be over before anything is back.
  await systemClock.sleep(AFTER_TWO_MS);
}

export interface Asked {
  /** The answer says what became of the errand. */
  readonly settled: boolean;
  /** What the API wants to be left alone for; 0 when it did not say. */
  readonly waitMs: number;
}

/** Asks with the errand's key. */
export async function askOnce(bank: Bank, errand: Errand, process: 0 | 1): Promise<Asked> {
  const heard = await ask(bank, errand, process).catch(() => undefined);
  const status = String(heard?.status ?? 'none');
  bank.heard.set(status, (bank.heard.get(status) ?? 0) + 1);
  if (heard === undefined || !settles(heard)) {
    errand.operation.unknowns += 1;
    return { settled: false, waitMs: Number(heard?.headers['retry-after'] ?? 0) * 1000 };
  }
  errand.operation.answers.push(answerOf(heard));
  return { settled: true, waitMs: 0 };
}

function ask(bank: Bank, { token, path, body, operation }: Errand, process: 0 | 1): Promise<Heard> {
  return exchange({
    socketPath: bank.sockets[process],
    agent: bank.agent,
    method: 'POST',
    path,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': operation.key,
    },
    body,
    limitMs: ANSWER_MS,
  });
}

/** Not while another works on it, nor when the API is too busy or the database away: the outcome is unknown. */
function settles({ status, body }: Heard): boolean {
  if (status >= 500 || status === 429) return false;
  return !(status === 409 && body.includes('operation_en_cours'));
}

function answerOf({ status, body }: Heard): Answer {
  if (status !== 200) return { status, body, reference: undefined, feeXof: 0 };
  const { data }: { data: AnswerData } = JSON.parse(body);
  const feeXof = data.debit_transaction?.frais ?? 0;
  return { status, body, reference: data.reference, feeXof };
}

interface AnswerData {
  readonly reference: string;
  readonly debit_transaction?: { readonly frais: number };
}

export function other(process: 0 | 1): 0 | 1 {
  return process === 0 ? 1 : 0;
}
