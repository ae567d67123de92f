import { randomInt } from 'node:crypto';
import { checkInvariants } from '../api/ledger/invariants.ts';
import type { ApiSettings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { ownContract } from './alone.ts';
import { type Checks, createChecks } from './checks.ts';
import { featuresContract } from './features.ts';
import { broken, type Server, serverAt } from './http.ts';
import { moneyContract } from './money.ts';
import { accessContract } from './people.ts';
import { openTools, type Tools } from './tools.ts';

export interface ContractRequest {
  /** The API's environment, its database that of both. */
  readonly settings: ApiSettings;
  /** The socket of this very release. */
  readonly selfSocket: string;
  /** The socket of the release beside it; its own for none. */
  readonly otherSocket: string;
  readonly clock: Clock;
}

export interface ContractResult {
  readonly checks: number;
  readonly ms: number;
  /** The first promise that was not kept: what, what was expected, what was seen. Empty when all were. */
  readonly failure: string;
}

/**
 * What this release promises, over HTTP, alone and with another release on the same data: writes of each are read by
 * the other. Makes customers and a distributor of its own, so it belongs on scratch data. Stops at the first promise
 * that is not kept; throws only what is no answer of a release, as when the database is away.
 */
export async function runContract(request: ContractRequest): Promise<ContractResult> {
  const { clock, settings } = request;
  const startedMs = clock.monotonicMs();
  const checks = createChecks();
  const tools = openTools(settings, clock);
  try {
    const failure = await firstFailure(() => keepPromises(request, tools, checks));
    return { checks: checks.count(), ms: Math.round(clock.monotonicMs() - startedMs), failure };
  } finally {
    await tools.close();
  }
}

async function keepPromises(
  { selfSocket, otherSocket }: ContractRequest,
  tools: Tools,
  checks: Checks,
): Promise<void> {
  const self = (): Server => serverAt(selfSocket, 'this release', anyAddress());
  const other = (): Server => serverAt(otherSocket, 'the other release', anyAddress());
  await ownContract(self(), checks);
  const pairs = [{ writer: self(), reader: self() }];
  if (otherSocket !== selfSocket) {
    pairs.push({ writer: other(), reader: self() }, { writer: self(), reader: other() });
  }
  for (const pair of pairs) {
    await accessContract(pair, tools, checks);
    await moneyContract(pair, tools, checks);
  }
  await featuresContract(self(), tools, checks);
  const found = await checkInvariants(tools.database);
  const isRight = Object.values(found).every((figure) => figure === 0 || figure === undefined);
  if (!isRight) throw broken('the ledger', 'debits that equal credits', JSON.stringify(found));
}

/** Requests are limited by address: each part has one of its own, from those kept for examples (RFC 5737). */
function anyAddress(): string {
  return `203.0.113.${randomInt(1, 255)}`;
}

async function firstFailure(work: () => Promise<void>): Promise<string> {
  try {
    await work();
    return '';
  } catch (error) {
    if (error instanceof OmpayError && error.code === 'checkBlocked') return error.message;
    throw error;
  }
}
