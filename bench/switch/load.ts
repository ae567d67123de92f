/**
 * The load of the benches, in a process of its own: keep-alive connections, authenticated transfers and reads,
 * no retry. Reads its input as JSON from the file named on the command line, runs until SIGTERM or its time limit,
 * writes its result as JSON beside it. Failed: no connection, a broken answer, too slow, any 5xx or 429.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { systemClock } from '../../src/core/clock.ts';

export interface LoadInput {
  readonly port: number;
  readonly connections: number;
  readonly maxMs: number;
  /** What each connection waits between two requests. */
  readonly pauseMs: number;
  /**
   * From the beginning of one request to that of the next, instead of a pause: slow answers do not make the load less, as long
   * as each is there within it. The connections begin one after the other, so that they do not come in one crowd.
   */
  readonly everyMs?: number;
  /** Slower than this counts as failed. */
  readonly slowMs: number;
  readonly users: readonly { readonly token: string; readonly telephone: string }[];
  readonly resultPath: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly succeeded: number;
  readonly refused: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  /** When each failure was seen, milliseconds since the epoch. */
  readonly failedAtMs: readonly number[];
  readonly references: readonly string[];
  readonly durationMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** Of ten requests: four transfers, four balances, two histories. */
const MIX = [
  'transfer',
  'balance',
  'transfer',
  'balance',
  'history',
  'transfer',
  'balance',
  'transfer',
  'balance',
  'history',
] as const;

interface Tally {
  requests: number;
  succeeded: number;
  refused: number;
  failed: number;
  readonly failures: Record<string, number>;
  readonly failedAtMs: number[];
  readonly references: string[];
  readonly latenciesMs: number[];
}

const input: LoadInput = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const tally: Tally = {
  requests: 0,
  succeeded: 0,
  refused: 0,
  failed: 0,
  failures: {},
  failedAtMs: [],
  references: [],
  latenciesMs: [],
};
const started = performance.now();
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

await Promise.all(Array.from({ length: input.connections }, (_, index) => connection(index)));
writeFileSync(input.resultPath, JSON.stringify(result()));

/** One client: one connection at a time, one request at a time. */
async function connection(index: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, keepAliveMsecs: 60_000 });
  const own = input.users.filter((_, user) => user % input.connections === index);
  for (let turn = 0; !stopping && performance.now() - started < input.maxMs; turn += 1) {
    const user = own[turn % own.length];
    const other = own[(turn + 1) % own.length];
    if (user === undefined || other === undefined) throw new Error('each connection needs two users');
    if (input.everyMs !== undefined)
      await sleepUntil(started + (turn + index / input.connections) * input.everyMs);
    await once(agent, MIX[(turn + index) % MIX.length] ?? 'balance', {
      token: user.token,
      recipient: other.telephone,
      key: `${index}-${turn}-${process.pid}`,
    });
    if (input.pauseMs > 0) await systemClock.sleep(input.pauseMs);
  }
  agent.destroy();
}

async function sleepUntil(atMs: number): Promise<void> {
  const leftMs = atMs - performance.now();
  if (leftMs > 0) await systemClock.sleep(leftMs);
}

async function once(
  agent: Agent,
  kind: (typeof MIX)[number],
  who: { token: string; recipient: string; key: string },
): Promise<void> {
  const begun = performance.now();
  tally.requests += 1;
  try {
    const { status, body } = await exchange(agent, kind, who);
    const tookMs = performance.now() - begun;
    tally.latenciesMs.push(tookMs);
    if (tookMs > input.slowMs) return fail(`slower than ${input.slowMs} ms`);
    if (status >= 500 || status === 429) return fail(`status ${status}`);
    if (status >= 400) {
      tally.refused += 1;
      return;
    }
    tally.succeeded += 1;
    if (kind === 'transfer') tally.references.push(referenceIn(body));
  } catch (error) {
    fail(error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
}

function fail(why: string): void {
  tally.failed += 1;
  tally.failedAtMs.push(Date.now());
  tally.failures[why] = (tally.failures[why] ?? 0) + 1;
}

function exchange(
  agent: Agent,
  kind: (typeof MIX)[number],
  who: { token: string; recipient: string; key: string },
): Promise<{ status: number; body: string }> {
  const body =
    kind === 'transfer' ? JSON.stringify({ recipient_telephone: who.recipient, amount: 100 }) : undefined;
  const headers = {
    authorization: `Bearer ${who.token}`,
    ...(body === undefined
      ? {}
      : {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': who.key,
        }),
  };
  const path = {
    transfer: '/api/ompay/transfer',
    balance: '/api/ompay/balance',
    history: '/api/ompay/history?per_page=5',
  }[kind];
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: input.port,
        agent,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers,
        timeout: 10_000,
      },
      (answer) => {
        read(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: text }), reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 10 s')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function read(answer: IncomingMessage): Promise<string> {
  const chunks: string[] = [];
  answer.setEncoding('utf8');
  for await (const chunk of answer) chunks.push(String(chunk));
  return chunks.join('');
}

function referenceIn(body: string): string {
  const value: { data?: { reference?: string } } = JSON.parse(body);
  return value.data?.reference ?? 'none';
}

function result(): LoadResult {
  const { latenciesMs, ...rest } = tally;
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0) * 10) / 10;
  return {
    ...rest,
    durationMs: Math.round(performance.now() - started),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    worstMs: at(1),
  };
}
