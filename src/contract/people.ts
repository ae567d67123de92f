import { randomInt, randomUUID } from 'node:crypto';
import type { Checks } from './checks.ts';
import { type Answer, dataOf, type Server } from './http.ts';
import type { Login, Tools } from './tools.ts';

/** Two releases on the same data: what `writer` does, `reader` must see. Both may be the same one. */
export interface Pair {
  readonly writer: Server;
  readonly reader: Server;
}

/** Of an account, as apps name it. */
type Kind = 'simple' | 'marchand';

export interface Person extends Login {
  readonly token: string;
}

/** A new customer, or merchant, registered with the writer and activated with the reader. */
export async function newCustomer(
  pair: Pair,
  tools: Tools,
  checks: Checks,
  kind: Kind = 'simple',
): Promise<Person> {
  const { login, activated } = await activatedUser(pair, tools, checks, kind);
  return { ...login, token: dataOf(activated).object('tokens').text('access_token') };
}

/**
 * The promises to one who signs in: a number is registered once, a code is good once, a wrong password is refused, a
 * refresh token is good once.
 */
export async function accessContract(pair: Pair, tools: Tools, checks: Checks): Promise<void> {
  const { writer, reader } = pair;
  const { login, activated, otp } = await activatedUser(pair, tools, checks, 'simple');
  const { telephone } = login;
  const taken = await reader.ask('POST', '/api/auth/register', { body: registration(login, 'simple') });
  checks.status(taken, 409, 'telephone_deja_utilise');
  const again = await writer.ask('POST', '/api/auth/verify-otp', { body: { telephone, otp } });
  checks.status(again, 401, 'otp_invalide');
  checks.status(await writer.ask('POST', '/api/auth/request-otp', { body: { telephone } }), 200);
  await signedIn(writer, login, checks);
  const wrong = { body: { telephone, password: randomUUID() } };
  checks.status(await reader.ask('POST', '/api/auth/login', wrong), 401, 'identifiants_invalides');
  await refresh(pair, activated, checks);
}

async function activatedUser(pair: Pair, tools: Tools, checks: Checks, kind: Kind) {
  const login = { telephone: await tools.freeNumber(), password: randomUUID() };
  const { telephone } = login;
  const body = registration(login, kind);
  const registered = checks.status(await pair.writer.ask('POST', '/api/auth/register', { body }), 201);
  checks.equal('the new user', dataOf(registered).object('user').text('telephone'), telephone);
  const otp = await tools.codeFor(telephone);
  const verify = { body: { telephone, otp } };
  const activated = checks.status(await pair.reader.ask('POST', '/api/auth/verify-otp', verify), 200);
  checks.equal('the user', dataOf(activated).object('user').text('status'), 'active');
  return { login, otp, activated };
}

/** The token of an access by password. */
export async function signedIn(server: Server, login: Login, checks: Checks): Promise<string> {
  const { telephone, password } = login;
  const answer = await server.ask('POST', '/api/auth/login', { body: { telephone, password } });
  return dataOf(checks.status(answer, 200)).text('access_token');
}

async function refresh({ writer, reader }: Pair, activated: Answer, checks: Checks): Promise<void> {
  const given = dataOf(activated).object('tokens');
  checks.equal('the seconds of an access token', given.whole('expires_in'), 900);
  const body = { refresh_token: given.text('refresh_token') };
  const renewed = checks.status(await writer.ask('POST', '/api/auth/refresh', { body }), 200);
  const token = dataOf(renewed).text('access_token');
  checks.status(await reader.ask('GET', '/api/ompay/balance', { token }), 200);
  checks.status(await reader.ask('POST', '/api/auth/refresh', { body }), 401, 'jeton_invalide');
}

function registration({ telephone, password }: Login, kind: Kind) {
  return {
    nom: 'Essai',
    prenom: 'Contrat',
    telephone,
    password,
    password_confirmation: password,
    cni: `ZZ${String(randomInt(1_000_000_000)).padStart(9, '0')}`,
    sexe: 'Femme',
    date_naissance: '1990-05-14',
    type_compte: kind,
  };
}
