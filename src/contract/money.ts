import { randomUUID } from 'node:crypto';
import type { Checks } from './checks.ts';
import { dataOf, type Server } from './http.ts';
import { newCustomer, type Pair, type Person, signedIn } from './people.ts';
import type { Tools } from './tools.ts';

const DEPOSIT_XOF = 20_000;
const TRANSFER_XOF = 1_000;
/** 0.8 % of the transfer: the fee table of the first migration. */
const TRANSFER_FEE_XOF = 8;

/** The money's promises: what one release books, the other shows to the franc, replays to the byte, and refuses alike. */
export async function moneyContract(pair: Pair, tools: Tools, checks: Checks): Promise<void> {
  const [sender, recipient] = [
    await newCustomer(pair, tools, checks),
    await newCustomer(pair, tools, checks),
  ];
  const distributor = await tools.distributor();
  const floatToken = await signedIn(pair.writer, distributor, checks);
  await deposit(pair, { floatToken, sender }, checks);
  await transfer(pair, { sender, recipient }, checks);
  await refuse(pair, { sender, recipient }, checks);
  await withdraw(pair, { floatToken, recipient }, checks);
  const out = await pair.writer.ask('POST', '/api/ompay/logout', { token: sender.token, body: {} });
  checks.status(out, 200);
  const after = await pair.reader.ask('GET', '/api/ompay/balance', { token: sender.token });
  checks.status(after, 401, 'non_authentifie');
}

/** Once for a key: the other release gives the same bytes to a repeat, and refuses another body. */
async function deposit(
  { writer, reader }: Pair,
  { floatToken, sender }: { readonly floatToken: string; readonly sender: Person },
  checks: Checks,
): Promise<void> {
  const call = {
    token: floatToken,
    key: randomUUID(),
    body: { amount: DEPOSIT_XOF, telephone_client: sender.telephone },
  };
  const first = checks.status(await writer.ask('POST', '/api/ompay/deposit', call), 200);
  const again = checks.status(await reader.ask('POST', '/api/ompay/deposit', call), 200);
  checks.equal('the answer to the same deposit again', again.body, first.body);
  checks.equal('its Idempotent-Replayed', String(again.headers['idempotent-replayed']), 'true');
  const other = { ...call, body: { ...call.body, amount: DEPOSIT_XOF + 1 } };
  const refused = await reader.ask('POST', '/api/ompay/deposit', other);
  checks.status(refused, 422, 'cle_idempotence_reutilisee');
  checks.equal("the sender's balance", await balance(reader, sender.token, checks), DEPOSIT_XOF);
}

async function transfer(
  { writer, reader }: Pair,
  { sender, recipient }: { readonly sender: Person; readonly recipient: Person },
  checks: Checks,
): Promise<void> {
  const body = { recipient_telephone: recipient.telephone, amount: TRANSFER_XOF, description: 'essai' };
  const call = { token: sender.token, body, key: randomUUID() };
  const sent = dataOf(checks.status(await writer.ask('POST', '/api/ompay/transfer', call), 200));
  const reference = sent.text('reference');
  checks.equal('its fee', sent.object('debit_transaction').whole('frais'), TRANSFER_FEE_XOF);
  const rest = DEPOSIT_XOF - TRANSFER_XOF - TRANSFER_FEE_XOF;
  checks.equal("the sender's balance", await balance(reader, sender.token, checks), rest);
  checks.equal("the recipient's balance", await balance(reader, recipient.token, checks), TRANSFER_XOF);
  for (const query of ['', '?page=1&per_page=1&type=transfert', '?cursor=&per_page=5']) {
    for (const { token } of [sender, recipient]) {
      const answer = await reader.ask('GET', `/api/ompay/history${query}`, { token });
      const references = dataOf(checks.status(answer, 200)).list('transactions', (item) =>
        item.text('reference'),
      );
      checks.equal(`the newest of ${answer.what}`, references[0] ?? 'none', reference);
    }
  }
}

/** Errors that apps branch on: their status and their stable names. */
async function refuse(
  { writer, reader }: Pair,
  { sender, recipient }: { readonly sender: Person; readonly recipient: Person },
  checks: Checks,
): Promise<void> {
  const { token } = sender;
  const ask = async (server: Server, recipient_telephone: string, amount: number) =>
    server.ask('POST', '/api/ompay/transfer', { token, body: { recipient_telephone, amount } });
  const tooMuch = await ask(reader, recipient.telephone, DEPOSIT_XOF * 2);
  checks.status(tooMuch, 400, 'solde_insuffisant');
  checks.status(await ask(writer, sender.telephone, TRANSFER_XOF), 422, 'meme_compte');
  for (const amount of [99, 100.5, 1_000_001]) {
    checks.status(await ask(reader, recipient.telephone, amount), 422, 'donnees_invalides');
  }
  const stranger = await reader.ask('GET', '/api/ompay/balance?compteId=another', { token });
  checks.status(stranger, 404, 'compte_introuvable');
}

async function withdraw(
  { writer, reader }: Pair,
  { floatToken, recipient }: { readonly floatToken: string; readonly recipient: Person },
  checks: Checks,
): Promise<void> {
  const body = { amount: TRANSFER_XOF / 2, telephone_client: recipient.telephone };
  const call = { token: floatToken, key: randomUUID(), body };
  checks.status(await writer.ask('POST', '/api/ompay/withdraw', call), 200);
  checks.equal("the recipient's balance", await balance(reader, recipient.token, checks), TRANSFER_XOF / 2);
}

export async function balance(server: Server, token: string, checks: Checks): Promise<number> {
  const answer = await server.ask('GET', '/api/ompay/balance', { token });
  return dataOf(checks.status(answer, 200)).whole('solde');
}
