import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import fc from 'fast-check';
import { checkInvariants } from '../../src/api/ledger/invariants.ts';
import { ROUTES } from '../../src/api/routes/index.ts';
import { messageOf } from '../../src/core/errors.ts';
import { assertDeclared } from '../../tests/fixtures/openapi.ts';
import { exchange } from '../bank/exchange.ts';
import type { Stage } from '../bank/stage.ts';
import type { Person } from '../bank/world.ts';
import { type FuzzAnswer, problemsOfAnswer, type Secrecy } from './judge.ts';
import { type FuzzPeople, KNOWN_PIN, makeFuzzPeople, PASSWORD, VICTIM_FUNDS_XOF, withOwn } from './people.ts';
import { type FuzzRequest, type Names, requestsTo } from './requests.ts';
import { namesOf } from './values.ts';

const AT_ONCE = 16;
const ANSWER_MS = 30_000;
/** Of ten people each, so that few meet the limit of requests a minute. */
const TENS = 40;
/** Every client of these would soon be logged out. */
const RARE: readonly string[] = ['logout'];
const RARELY = 20;

export interface FuzzFinding {
  readonly request: FuzzRequest;
  readonly status: number;
  readonly problems: readonly string[];
  /** The first of the answer's bytes. */
  readonly body: string;
}

export interface FuzzResult {
  readonly requests: number;
  /** `transfer 200` and so on, how often. */
  readonly seen: ReadonlyMap<string, number>;
  readonly findings: readonly FuzzFinding[];
  /** What is wrong with the ledger, or with the victims' money, at the end. */
  readonly broken: readonly string[];
}

/** Sends about `count` requests, as many to each operation, drawn from the seed. */
export async function fuzz(stage: Stage, seed: number, count: number): Promise<FuzzResult> {
  const people = await makeFuzzPeople(stage, TENS);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  await setPins(stage, agent, people);
  const names = namesOf(people, await makeQrCodes(stage, agent, people));
  const requests = drawRequests(names, seed, count);
  const seen = new Map<string, number>();
  const findings: FuzzFinding[] = [];
  const secrecy = secrecyOf(people);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < requests.length; index = next++) {
      const drawn = requests[index];
      const sender = people.attackers[index % people.attackers.length];
      if (drawn === undefined || sender === undefined) return;
      const request = {
        ...drawn,
        path: withOwn(decodeOwn(drawn.path), sender, people),
        body: drawn.body === undefined ? undefined : withOwn(drawn.body, sender, people),
      };
      const answer = await send(stage, agent, { request, sender, index });
      const { name, problems } = judge(request, answer, secrecy);
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if (problems.length > 0)
        findings.push({ request, status: answer.status, problems, body: answer.body.slice(0, 500) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  return { requests: requests.length, seen, findings, broken: await brokenBy(stage, people) };
}

/** Some attackers confirm by a PIN. */
async function setPins(stage: Stage, agent: Agent, { attackers }: FuzzPeople): Promise<void> {
  for (const attacker of attackers.filter((_attacker, index) => index % 9 === 0))
    await prepare(stage, agent, { ...SET_PIN, token: attacker.token });
}

/** One of each merchant. */
async function makeQrCodes(
  stage: Stage,
  agent: Agent,
  { attackers }: FuzzPeople,
): Promise<readonly string[]> {
  const codes: string[] = [];
  for (const { token } of attackers.filter(({ codeMarchand }) => codeMarchand !== null)) {
    const answer = await prepare(stage, agent, { path: '/api/marchand/generate-qr', body: '{}', token });
    const { data }: { data: { code_qr: string } } = JSON.parse(answer);
    codes.push(data.code_qr);
  }
  return codes;
}

const SET_PIN = {
  path: '/api/auth/set-pin',
  body: JSON.stringify({ pin: KNOWN_PIN, password: PASSWORD }),
};

/** A request that must succeed; gives the answer's body. */
async function prepare(
  { processes }: Stage,
  agent: Agent,
  { path, body, token }: { readonly path: string; readonly body: string; readonly token: string },
): Promise<string> {
  const answer = await exchange({
    socketPath: processes[1].socketPath,
    agent,
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
    limitMs: ANSWER_MS,
  });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.body}`);
  return answer.body;
}

/** In an order of their own, so that the operations meet. */
function drawRequests(names: Names, seed: number, count: number): readonly FuzzRequest[] {
  const each = Math.ceil(count / ROUTES.length);
  const drawn = ROUTES.flatMap(({ operation }, index) => {
    const numRuns = RARE.includes(operation.id) ? Math.ceil(each / RARELY) : each;
    return fc
      .sample(requestsTo(operation, names), { seed: seed * 1_000 + index, numRuns })
      .map((request, turn) => ({ request, place: turn / numRuns }));
  });
  return drawn.toSorted((left, right) => left.place - right.place).map(({ request }) => request);
}

interface Sending {
  readonly request: FuzzRequest;
  readonly sender: Person;
  readonly index: number;
}

/** No answer at all counts as 599. The server may close a connection that its client is about to use: then on a new one. */
async function send(stage: Stage, agent: Agent, sending: Sending): Promise<FuzzAnswer> {
  try {
    return await sendOver(stage, agent, sending);
  } catch {
    const alone = new Agent();
    return sendOver(stage, alone, sending).catch((error: unknown) => ({
      status: 599,
      headers: {},
      body: messageOf(error),
    }));
  }
}

function sendOver(
  { processes }: Stage,
  agent: Agent,
  { request, sender, index }: Sending,
): Promise<FuzzAnswer> {
  const { method, path, headers, body } = request;
  return exchange({
    socketPath: processes[1].socketPath,
    agent,
    method,
    path,
    headers: { ...headers, ...authorizationOf(request, sender), 'x-forwarded-for': addressOf(index) },
    body,
    limitMs: ANSWER_MS,
  });
}

function authorizationOf({ as }: FuzzRequest, sender: Person): Record<string, string> {
  if (as === 'nobody') return {};
  if (as === 'stranger') return { authorization: `Bearer ${randomBytes(32).toString('base64url')}` };
  return { authorization: `Bearer ${sender.token}` };
}

/** In an address the marks are encoded. */
function decodeOwn(path: string): string {
  return path.replaceAll(encodeURIComponent('«'), '«').replaceAll(encodeURIComponent('»'), '»');
}

/** Addresses are limited too. */
function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

function judge(request: FuzzRequest, answer: FuzzAnswer, secrecy: Secrecy) {
  const problems = [...problemsOfAnswer(request, answer, secrecy)];
  let name = `${request.method} ${answer.status}`;
  try {
    const { method, path } = request;
    // 431 is the HTTP parser's own: no route is reached.
    if ((method === 'GET' || method === 'POST') && answer.status !== 431)
      name = assertDeclared({ method, path, statusCode: answer.status, ...answer });
  } catch (error) {
    problems.push(messageOf(error).slice(0, 500));
  }
  return { name, problems };
}

function secrecyOf({ victims }: FuzzPeople): Secrecy {
  const secrets = victims.flatMap((victim) => [
    victim.nom,
    victim.prenom,
    victim.cni,
    victim.telephone,
    victim.userId,
    victim.accountId,
    `OM${victim.telephone.slice(1)}`,
    victim.token,
    victim.reference,
  ]);
  return { secrets: [...new Set(secrets)], victimXof: VICTIM_FUNDS_XOF - 1_000 };
}

/** The ledger is right, and nobody but the victims themselves, before it began, took money from them. */
async function brokenBy({ database }: Stage, { victims }: FuzzPeople): Promise<readonly string[]> {
  const { chainBreak, ...counts } = await checkInvariants(database);
  const taken = await database.kysely
    .selectFrom('transfers')
    .select(['reference', 'amount'])
    .where(
      'debit_account_id',
      'in',
      victims.map(({ accountId }) => accountId),
    )
    .where('reference', 'not in', [...new Set(victims.map(({ reference }) => reference))])
    .execute();
  return [
    ...Object.entries(counts)
      .filter(([, count]) => count !== 0)
      .map(([name, count]) => `${name} is ${count}`),
    ...(chainBreak === undefined ? [] : [`the chain breaks: ${JSON.stringify(chainBreak)}`]),
    ...taken.map(({ reference, amount }) => `${amount} XOF were taken from a victim: ${reference}`),
  ];
}
