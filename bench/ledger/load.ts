/**
 * The load of the ledger's bench, in a process of its own: keep-alive connections on unix sockets, one transfer at a time
 * on each, as lean as Node allows (its CPU is the database's loss on this machine). Reads its input as JSON from the file
 * named on the command line, and writes its result beside it.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';

export interface LoadInput {
  /** One of each API process. */
  readonly socketPaths: readonly string[];
  /** In all. */
  readonly connections: number;
  /** Before what counts: code is compiled, pools fill. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Requests a second at fixed times, whatever the answers (open loop); 0: each answer brings the next request. */
  readonly ratePerSecond: number;
  readonly users: readonly LoadUser[];
  /** Everybody pays this merchant; null: everybody sends to somebody. */
  readonly merchantCode: string | null;
  readonly resultPath: string;
}

export interface LoadUser {
  readonly token: string;
  readonly telephone: string;
}

export interface LoadResult {
  /** Answered 2xx `reussi` in the time that counts. */
  readonly succeeded: number;
  /** Any other answer, from the first request on: the first of each kind, and how often. */
  readonly others: Readonly<Record<string, number>>;
  readonly durationMs: number;
  /** From when a request was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Of this process, in the time that counts. */
  readonly cpuMs: number;
}

const input: LoadInput = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const latenciesMs: number[] = [];
const others: Record<string, number> = {};
const run = randomUUID();
let sent = 0;

await drive();

async function drive(): Promise<void> {
  const lines = await Promise.all(
    Array.from({ length: input.connections }, (_, index) =>
      openLine(input.socketPaths[index % input.socketPaths.length] ?? ''),
    ),
  );
  const countFromMs = systemClock.monotonicMs() + input.warmUpMs;
  const endMs = countFromMs + input.durationMs;
  const cpuAtStart = systemClock.sleep(input.warmUpMs).then(() => process.cpuUsage());
  const window = { countFromMs, endMs };
  if (input.ratePerSecond === 0) await Promise.all(lines.map((line) => closedLoop(line, window)));
  else await openLoop(lines, window);
  const cpu = process.cpuUsage(await cpuAtStart);
  for (const line of lines) line.close();
  writeFileSync(input.resultPath, JSON.stringify(resultOf((cpu.user + cpu.system) / 1000)));
}

interface Window {
  readonly countFromMs: number;
  readonly endMs: number;
}

async function closedLoop(line: Line, { countFromMs, endMs }: Window): Promise<void> {
  for (;;) {
    const startedMs = systemClock.monotonicMs();
    if (startedMs >= endMs) return;
    const ok = await line.ask(nextRequest());
    const nowMs = systemClock.monotonicMs();
    if (ok && nowMs >= countFromMs && nowMs < endMs) latenciesMs.push(nowMs - startedMs);
  }
}

/** What is due waits for a free connection, and its latency counts from when it was due: no omission is coordinated. */
async function openLoop(lines: readonly Line[], { countFromMs, endMs }: Window): Promise<void> {
  const free = [...lines];
  const due: number[] = [];
  const running = new Set<Promise<void>>();
  const next = (): number | undefined => (systemClock.monotonicMs() < endMs ? due.shift() : undefined);
  const serve = async (line: Line): Promise<void> => {
    for (let dueMs = next(); dueMs !== undefined; dueMs = next()) {
      const ok = await line.ask(nextRequest());
      if (ok && dueMs >= countFromMs) latenciesMs.push(systemClock.monotonicMs() - dueMs);
    }
    free.push(line);
  };
  const firstMs = systemClock.monotonicMs();
  for (let planned = 0; systemClock.monotonicMs() < endMs; ) {
    const nowMs = systemClock.monotonicMs();
    for (; firstMs + (planned * 1000) / input.ratePerSecond <= nowMs; planned += 1)
      due.push(firstMs + (planned * 1000) / input.ratePerSecond);
    while (due.length > 0 && free.length > 0) {
      const line = free.pop();
      if (line === undefined) break;
      const serving = serve(line).finally(() => running.delete(serving));
      running.add(serving);
    }
    await systemClock.sleep(1);
  }
  await Promise.all(running);
  if (due.length > 0) others['not sent in time'] = due.length;
}

/** Users take turns, so each stays under the limit of his money requests a minute; the receiver is somebody else. */
function nextRequest(): string {
  const { users, merchantCode } = input;
  const [payer, payee] = [users[sent % users.length], users[(sent * 7919 + 1) % users.length]];
  if (payer === undefined || payee === undefined) throw new Error('the load needs users');
  const receiver = payee === payer ? users[(sent + 1) % users.length] : payee;
  sent += 1;
  const [path, body] =
    merchantCode === null
      ? ['/api/ompay/transfer', `{"recipient_telephone":"${receiver?.telephone}","amount":100}`]
      : ['/api/paiement/marchand', `{"code_marchand":"${merchantCode}","montant":100}`];
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${payer.token}\r\nidempotency-key: ${run}-${sent}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

interface Line {
  /** True when the answer was 2xx and says `reussi`. */
  ask(request: string): Promise<boolean>;
  close(): void;
}

async function openLine(socketPath: string): Promise<Line> {
  const socket = connect(socketPath);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let received = '';
  let waiting: ((answer: string) => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => {
    received += part;
    if (!isWhole(received)) return;
    const answer = received;
    received = '';
    waiting?.(answer);
  });
  endTogether(socket);
  return {
    ask: async (request) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      waiting = resolve;
      socket.write(request, 'latin1');
      return judge(await promise);
    },
    close: () => socket.destroy(),
  };
}

/** A lost connection is no result: the bench kills nothing. */
function endTogether(socket: Socket): void {
  socket.on('error', (error) => {
    throw error;
  });
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return false;
  const at = text.indexOf('content-length: ');
  return text.length >= head + 4 + Number(text.slice(at + 16, text.indexOf('\r\n', at)));
}

function judge(answer: string): boolean {
  if (answer.startsWith('HTTP/1.1 200 ') && answer.includes('"statut":"reussi"')) return true;
  const why = `${answer.slice(9, 12)} ${answer.slice(answer.indexOf('\r\n\r\n') + 4).slice(0, 120)}`;
  others[why] = (others[why] ?? 0) + 1;
  return false;
}

function resultOf(cpuMs: number): LoadResult {
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0) * 10) / 10;
  return {
    succeeded: latenciesMs.length,
    others,
    durationMs: input.durationMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    worstMs: at(1),
    cpuMs: Math.round(cpuMs),
  };
}
