import type { Clock } from '../../core/clock.ts';
import { emptyLatencies, LATENCY_BOUNDS_MS, latencyBucket, PROBE_HEADER } from '../../core/latency.ts';
import type { Host, HttpAnswer, HttpTarget } from '../../host/host.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { accessTokenIn, type ProbeAccounts } from '../smoke-requests.ts';
import type { Histogram } from './histogram.ts';

export interface ProbeKit {
  readonly host: Host;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The users' way in. */
  readonly front: HttpTarget;
  /** The old release's own socket while it still runs; null when there is none. */
  readonly control: HttpTarget | null;
  readonly accounts: () => Promise<ProbeAccounts>;
  /** Unique to this watch: begins the idempotency keys. */
  readonly run: string;
}

/** What one second of our own requests showed. */
export interface ProbeTally {
  readonly sent: number;
  readonly wrong: number;
  /** Of the wrong ones, those that the front does not count as failed by itself: 4xx, and no answer in time. */
  readonly wrongUnseen: number;
  readonly latency: Histogram | null;
  readonly control: Histogram | null;
}

export interface Prober {
  /** Spreads `count` requests over one second, reads with their control. Ends at most 5 s later. */
  second(count: number): Promise<ProbeTally>;
  /** How many in a row were not answered rightly, up to now. */
  wrongInRow(): number;
  /** Logs out. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 2000;
const TRANSFER_XOF = 100;
/** A transfer there and back costs 2 francs of fees: enough for a thousand of them. */
const SUPPLY_XOF = 2000;
const INSUFFICIENT_FUNDS = '"solde_insuffisant"';
/** Of so many, one is a transfer (a user has 60 money requests a minute, and a watch sends 500 requests) and one /health. */
const CYCLE = 10;
/** So many at once, so that a slow answer does not keep the others back. */
const LANES = 4;
const HEALTH: Question = { method: 'GET', path: '/health' };

/** `later`: neither right nor wrong, as a rate limit is. */
type Answered = 'right' | 'wrong' | 'wrongUnseen' | 'later';

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  readonly key?: string;
  readonly body?: JsonObject;
}

interface Customer {
  readonly telephone: string;
  readonly token: string;
}

/** Requests as a user sends them: health, balance, small transfers there and back between the probe accounts. */
export function createProber(kit: ProbeKit): Prober {
  const enter = entrance(kit);
  let turn = 0;
  let inRow = 0;
  let open: Entered | undefined;

  async function next(number: number, seen: SecondSeen): Promise<Answered> {
    if (number % CYCLE === 1) return judged(await ask(kit, kit.front, HEALTH), [200]);
    const entered = await enter();
    if (typeof entered === 'string') return entered;
    open = entered;
    const isThere = number % (2 * CYCLE) < CYCLE;
    const self = isThere ? entered.sender : entered.recipient;
    const other = isThere ? entered.recipient : entered.sender;
    const { distributor } = entered;
    if (number % CYCLE === 0) return move(kit, { self, other, distributor }, `probe-${kit.run}-${number}`);
    const read: Question = { method: 'GET', path: '/api/ompay/balance', token: self.token };
    const answered = judged(await timed(kit, kit.front, read, seen.latenciesMs), [200]);
    if (kit.control !== null) await timed(kit, kit.control, read, seen.controlMs);
    return answered;
  }

  function count(seen: SecondSeen, answered: Answered): void {
    if (answered === 'later') return;
    seen.sent += 1;
    inRow = answered === 'right' ? 0 : inRow + 1;
    if (answered !== 'right') seen.wrong += 1;
    if (answered === 'wrongUnseen') seen.wrongUnseen += 1;
  }

  return {
    wrongInRow: () => inRow,
    second: async (wanted) => {
      const seen: SecondSeen = { sent: 0, wrong: 0, wrongUnseen: 0, latenciesMs: [], controlMs: [] };
      const lanes = Math.min(LANES, wanted);
      await paced(kit, { lanes, each: Math.ceil(wanted / lanes) }, async () => {
        turn += 1;
        count(seen, await next(turn, seen));
      });
      const { latenciesMs, controlMs, ...counts } = seen;
      return { ...counts, latency: histogramOf(latenciesMs), control: histogramOf(controlMs) };
    },
    close: async () => {
      for (const { token } of open === undefined ? [] : Object.values(open))
        await ask(kit, kit.front, { method: 'POST', path: '/api/ompay/logout', token, body: {} });
    },
  };
}

interface SecondSeen {
  sent: number;
  wrong: number;
  wrongUnseen: number;
  readonly latenciesMs: number[];
  readonly controlMs: number[];
}

/** `each` calls in each of several lanes, spread over one second; what has no room in it is left out. */
async function paced(
  { clock, signal }: Pick<ProbeKit, 'clock' | 'signal'>,
  { lanes, each }: { readonly lanes: number; readonly each: number },
  work: () => Promise<void>,
): Promise<void> {
  const endsMs = clock.monotonicMs() + 1000;
  const lane = async (offset: number): Promise<void> => {
    await clock.sleep((1000 * offset) / (lanes * each), signal);
    for (let left = each; left > 0 && clock.monotonicMs() < endsMs; left -= 1) {
      await work();
      if (left > 1) await clock.sleep(Math.max(0, (endsMs - clock.monotonicMs()) / left), signal);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, offset) => lane(offset)));
}

type Entered = Readonly<Record<'distributor' | 'sender' | 'recipient', Customer>>;

/** Logs in at the first call; one that failed is tried again by the next. */
function entrance(kit: ProbeKit): () => Promise<Entered | Answered> {
  let entering: Promise<Entered | Answered> | undefined;
  return async () => {
    entering ??= logInAll(kit);
    const entered = await entering;
    if (typeof entered === 'string') entering = undefined;
    return entered;
  };
}

/** The distributor and the two customers with a token each, or why there are none. */
async function logInAll(kit: ProbeKit): Promise<Entered | Answered> {
  const accounts = await kit.accounts().catch(() => undefined);
  if (accounts === undefined) return 'later';
  const { password } = accounts;
  const distributor = await logIn(kit, accounts.distributor, password);
  if (typeof distributor === 'string') return distributor;
  const sender = await logIn(kit, accounts.sender, password);
  if (typeof sender === 'string') return sender;
  const recipient = await logIn(kit, accounts.recipient, password);
  return typeof recipient === 'string' ? recipient : { distributor, sender, recipient };
}

async function logIn(kit: ProbeKit, telephone: string, password: string): Promise<Customer | Answered> {
  const body = { telephone, password };
  const answer = await ask(kit, kit.front, { method: 'POST', path: '/api/auth/login', body });
  // Too many who log in at once are turned away, users and probes alike: 429, 503.
  if (answer?.statusCode === 503) return 'later';
  const answered = judged(answer, [200]);
  const token = answer === null ? undefined : accessTokenIn(answer);
  if (answered === 'right') return token === undefined ? 'wrongUnseen' : { telephone, token };
  return answered;
}

interface Movers {
  readonly self: Customer;
  readonly other: Customer;
  readonly distributor: Customer;
}

/** A transfer. Refused for want of money, which is right too, it is followed by a deposit for the next times. */
async function move(kit: ProbeKit, { self, other, distributor }: Movers, key: string): Promise<Answered> {
  const post = (path: string, from: Customer, body: JsonObject): Promise<HttpAnswer | null> =>
    ask(kit, kit.front, { method: 'POST', path, token: from.token, key: `${key}${path}`, body });
  const moved = await post('/api/ompay/transfer', self, {
    recipient_telephone: other.telephone,
    amount: TRANSFER_XOF,
  });
  if (moved?.statusCode !== 400 || !moved.body.includes(INSUFFICIENT_FUNDS)) return judged(moved, [200]);
  return judged(
    await post('/api/ompay/deposit', distributor, { telephone_client: self.telephone, amount: SUPPLY_XOF }),
    [200],
  );
}

function judged(answer: HttpAnswer | null, right: readonly number[]): Answered {
  if (answer === null) return 'wrongUnseen';
  if (right.includes(answer.statusCode)) return 'right';
  if (answer.statusCode === 429) return 'later';
  return answer.statusCode >= 500 ? 'wrong' : 'wrongUnseen';
}

async function timed(
  kit: ProbeKit,
  target: HttpTarget,
  question: Question,
  latenciesMs: number[],
): Promise<HttpAnswer | null> {
  const startedMs = kit.clock.monotonicMs();
  const answer = await ask(kit, target, question);
  latenciesMs.push(kit.clock.monotonicMs() - startedMs);
  return answer;
}

/** Null when no answer came in time. */
async function ask(kit: ProbeKit, target: HttpTarget, question: Question): Promise<HttpAnswer | null> {
  const { method, path, token, key, body } = question;
  try {
    return await kit.host.request({
      method,
      target,
      path,
      headers: {
        [PROBE_HEADER]: '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: TIMEOUT_MS,
      signal: kit.signal,
    });
  } catch (error) {
    if (kit.signal.aborted) throw error;
    return null;
  }
}

function histogramOf(latenciesMs: readonly number[]): Histogram | null {
  if (latenciesMs.length === 0) return null;
  const counts = emptyLatencies();
  for (const ms of latenciesMs) {
    const bucket = latencyBucket(ms);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { boundsMs: LATENCY_BOUNDS_MS, counts };
}
