import { randomUUID } from 'node:crypto';
import type { Checks } from './checks.ts';
import { type Answer, type Call, dataOf, type Server } from './http.ts';
import { balance } from './money.ts';
import { newCustomer, type Person, signedIn } from './people.ts';
import type { Tools } from './tools.ts';

const FUNDS_XOF = 20_000;
const PAID_XOF = 500;
const HELD_XOF = 1_000;
const PIN = '8265';
const NEXT_PIN = '9317';

interface People {
  readonly customer: Person;
  readonly merchant: Person;
  /** Of a distributor. */
  readonly floatToken: string;
}

/** What this release alone can do, perhaps: the release beside it may be older than some of these routes. */
export async function featuresContract(server: Server, tools: Tools, checks: Checks): Promise<void> {
  const pair = { writer: server, reader: server };
  const merchant = await newCustomer(pair, tools, checks, 'marchand');
  const customer = await newCustomer(pair, tools, checks);
  const floatToken = await signedIn(server, await tools.distributor(), checks);
  const people = { customer, merchant, floatToken };
  const post = poster(server, checks);
  const funds = { amount: FUNDS_XOF, telephone_client: customer.telephone };
  await post('/api/ompay/deposit', floatToken, funds);
  await payMerchant(server, people, checks);
  await payByQr(server, people, checks);
  await holdMoney(server, people, checks);
  await confirmByPin(server, people, checks);
}

type Post = (
  path: string,
  token: string,
  body: NonNullable<Call['body']>,
  status?: number,
) => Promise<Answer>;

function poster(server: Server, checks: Checks): Post {
  return async (path, token, body, status = 200) =>
    checks.status(await server.ask('POST', path, { token, body, key: randomUUID() }), status);
}

async function get(server: Server, path: string, token: string, checks: Checks): Promise<Answer> {
  return checks.status(await server.ask('GET', path, { token }), 200);
}

async function payMerchant(server: Server, { customer, merchant }: People, checks: Checks): Promise<void> {
  const { token } = customer;
  const me = dataOf(await get(server, '/api/auth/me', merchant.token, checks)).object('user');
  checks.equal("the merchant's number", me.text('telephone'), merchant.telephone);
  const shop = dataOf(await get(server, '/api/dashboard', merchant.token, checks)).object('compte');
  const body = { code_marchand: shop.text('code_marchand'), montant: PAID_XOF };
  const paid = dataOf(await poster(server, checks)('/api/paiement/marchand', token, body));
  checks.equal("the payer's balance", paid.whole('solde_client'), FUNDS_XOF - PAID_XOF);
  const reference = paid.text('reference');
  const found = await get(server, `/api/ompay/transactions/reference/${reference}`, token, checks);
  checks.equal('its reference', dataOf(found).object('transaction').text('reference'), reference);
  const account = dataOf(await get(server, '/api/ompay/balance', token, checks)).text('compte_id');
  const listed = dataOf(await get(server, `/api/ompay/transactions/${account}`, token, checks));
  const references = listed.list('transactions', (item) => item.text('reference'));
  checks.equal('the newest of the account', references[0] ?? 'none', reference);
  const stranger = await server.ask('GET', `/api/ompay/transactions/${account}`, { token: merchant.token });
  checks.status(stranger, 404, 'compte_introuvable');
}

async function payByQr(server: Server, { customer, merchant }: People, checks: Checks): Promise<void> {
  const post = poster(server, checks);
  const made = dataOf(await post('/api/marchand/generate-qr', merchant.token, { montant: PAID_XOF }, 201));
  const code_qr = made.text('code_qr');
  const shown = dataOf(await get(server, `/api/qr/${code_qr}`, customer.token, checks));
  checks.equal('what the code asks for', shown.whole('montant'), PAID_XOF);
  await post('/api/paiement/marchand', customer.token, { code_qr });
  const again = { token: customer.token, body: { code_qr }, key: randomUUID() };
  checks.status(await server.ask('POST', '/api/paiement/marchand', again), 409, 'qr_deja_utilise');
}

/** A customer's own withdrawal holds the money until it is given back; his own deposit waits for a distributor. */
async function holdMoney(server: Server, { customer, floatToken }: People, checks: Checks): Promise<void> {
  const post = poster(server, checks);
  const { token, telephone } = customer;
  const before = await balance(server, token, checks);
  const held = dataOf(await post('/api/ompay/withdraw', token, { amount: HELD_XOF }));
  checks.equal('what can be spent', await balance(server, token, checks), before - HELD_XOF);
  await post('/api/ompay/cancel', token, { reference: held.text('reference') });
  checks.equal('what can be spent again', await balance(server, token, checks), before);
  const waiting = dataOf(await post('/api/ompay/deposit', token, { amount: HELD_XOF }));
  const confirmation = { telephone_client: telephone, code: waiting.text('code') };
  await post('/api/distributeur/confirmer', floatToken, confirmation);
  checks.equal('with the deposit', await balance(server, token, checks), before + HELD_XOF);
}

async function confirmByPin(server: Server, { customer, merchant }: People, checks: Checks): Promise<void> {
  const post = poster(server, checks);
  const { token, password } = customer;
  await post('/api/auth/set-pin', token, { pin: PIN, password });
  const transfer = { recipient_telephone: merchant.telephone, amount: PAID_XOF };
  const without = await server.ask('POST', '/api/ompay/transfer', {
    token,
    body: transfer,
    key: randomUUID(),
  });
  checks.status(without, 403, 'pin_requis');
  await post('/api/ompay/transfer', token, { ...transfer, pin: PIN });
  await post('/api/auth/change-pin', token, { old_pin: PIN, new_pin: NEXT_PIN });
  await post('/api/ompay/transfer', token, { ...transfer, pin: NEXT_PIN });
}
