import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureProbeAccounts } from '../../src/api/accounts/probe.ts';
import { createPasswordHasher } from '../../src/api/auth/passwords.ts';
import { buildServer } from '../../src/api/server.ts';
import { runSmoke } from '../../src/deploy/smoke.ts';
import type { HttpAnswer, HttpRequest } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local.ts';
import type { JsonObject } from '../../src/plan/plan.ts';
import { startApi, type TestApi } from '../fixtures/api.ts';
import { expectSound } from '../fixtures/sound.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

let api: TestApi;
const folder = mkdtempSync(join(tmpdir(), 'ompay-smoke-'));
beforeAll(async () => {
  api = await startApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

type Answering = (request: HttpRequest, send: () => Promise<HttpAnswer>) => Promise<HttpAnswer>;

let runs = 0;

/** The smoke test of a release that answers as this one, unless told; its server has limits of its own. */
async function smoke(answering: Answering = (_request, send) => send()): Promise<JsonObject> {
  const { database, ledger, clock, settings, foundations } = api;
  const tools = { database, ledger, clock, passwords: createPasswordHasher(), staff: 'awa@siege' };
  const { phones, password } = await ensureProbeAccounts({ ...tools, application: settings });
  runs += 1;
  const socketPath = join(folder, `${runs}.sock`);
  const server = buildServer(foundations);
  await server.listen({ path: socketPath });
  const host = localHost();
  try {
    return await runSmoke({
      host: { ...host, request: (request) => answering(request, () => host.request(request)) },
      target: { socketPath },
      accounts: {
        sender: phones.sender,
        recipient: phones.receiver,
        distributor: phones.distributor,
        password: password.reveal(),
      },
      run: `run-${runs}`,
      readOtp: async (telephone) => (await api.smsTo(`+221${telephone}`)).at(-1)?.match(/\d{6}/)?.[0] ?? '',
      proveLedger: () => expectSound(database),
      signal: new AbortController().signal,
    });
  } finally {
    await server.close();
  }
}

const isOwnWithdrawal = ({ path, body = '' }: HttpRequest): boolean =>
  path === '/api/ompay/withdraw' && !body.includes('telephone_client');

function refusing(path: string, statusCode: number): Answering {
  return async (request, send) => {
    const answer = await send();
    return request.path === path ? { ...answer, statusCode } : answer;
  };
}

/** What is opened is told in other words. */
function telling(written: string, told: string): Answering {
  return async (request, send) => {
    const answer = await send();
    return isOwnWithdrawal(request) ? { ...answer, body: answer.body.replace(written, told) } : answer;
  };
}

async function pendingHolds(): Promise<number> {
  const { kysely } = api.database;
  return (await kysely.selectFrom('holds').select('id').where('status', '=', 'en_attente').execute()).length;
}

test('a withdrawal is held and confirmed, another cancelled, and debits are credits', async () => {
  expect(await smoke()).toMatchObject({ shown: 'debits = credits', withdrawnXof: 100 });
  const holds = await api.database.kysely.selectFrom('holds').select('status').orderBy('id').execute();
  expect(holds.map(({ status }) => status)).toEqual(['reussi', 'annule']);
});

test('a release from before two-phase holds is not asked for them', async () => {
  const before: Answering = async (request, send) =>
    isOwnWithdrawal(request) ? { statusCode: 403, headers: {}, body: '{}' } : send();
  expect(await smoke(before)).toMatchObject({ withdrawnXof: 0 });
});

test('what killed smoke tests left pending is no trouble for the next, however many they were', async () => {
  const killed: Answering = async (request, send) => {
    if (request.path === '/api/distributeur/confirmer') throw new Error('killed');
    return send();
  };
  for (let times = 0; times < 6; times += 1) await expect(smoke(killed)).rejects.toThrow('killed');
  expect(await pendingHolds()).toBe(1);
  expect(await smoke()).toMatchObject({ withdrawnXof: 100 });
  expect(await pendingHolds()).toBe(0);
});

test.each([
  ['the confirmation of a withdrawal', refusing('/api/distributeur/confirmer', 422)],
  ['the cancellation of a withdrawal', refusing('/api/ompay/cancel', 409)],
  ["withdrawal of one's own: expected a reference and a code", telling('"code"', '"kode"')],
  ["withdrawal of one's own: expected an amount and a fee", telling('"frais":0', '"frais":null')],
  ['the balance while money is held', telling('"frais":0', '"frais":1')],
])('the smoke test fails by the name of what is wrong: %s', async (what, answering) => {
  const error = await ompayErrorOf(() => smoke(answering));
  expect([error.code, error.message]).toEqual(['checkBlocked', expect.stringContaining(what)]);
});
