import { expect, test } from 'vitest';
import { type FuzzAnswer, problemsOfAnswer } from '../../../bench/fuzz/judge.ts';
import type { FuzzRequest } from '../../../bench/fuzz/requests.ts';

const SECRECY = { secrets: ['779000000', 'Nomdevictime0'], victimXof: 1_000_000 };

const REQUEST: FuzzRequest = {
  operationId: 'balance',
  method: 'GET',
  path: '/api/ompay/balance',
  headers: {},
  body: undefined,
  as: 'attacker',
};

function problems(answer: Partial<FuzzAnswer>, request: Partial<FuzzRequest> = {}): readonly string[] {
  return problemsOfAnswer(
    { ...REQUEST, ...request },
    { status: 200, headers: {}, body: '{}', ...answer },
    SECRECY,
  );
}

test('an answer that tells its own client of himself is right', () => {
  expect(problems({ body: '{"solde":5000,"telephone":"770001000"}' })).toEqual([]);
});

test('a refusal may say again what the request named', () => {
  const body = '{"recipient_telephone":"779000000"}';
  expect(problems({ status: 404, body: 'Compte 779000000 introuvable' }, { body })).toEqual([]);
  expect(
    problems({ status: 404, body: 'select 1 from dual' }, { path: '/api/select%201%20from%20dual' }),
  ).toEqual([]);
});

test.each([
  ['a 5xx', { status: 500 }],
  ['a number that nobody named', { body: '{"telephone":"779000000"}' }],
  ['a name in a header', { headers: { 'x-name': 'Nomdevictime0' } }],
  ['a balance that is a victim’s', { body: '{"solde":1400000}' }],
  ['what a victim has left after a payment', { body: '{"solde_client":1400000}' }],
  ['a stack trace', { body: 'Error: no\\n    at post (evalmachine.<anonymous>:10:20)' }],
  ['a file of the source', { body: 'src/api/ledger/post.ts:12' }],
  ['a driver’s error', { body: 'ER_DUP_ENTRY: duplicate' }],
  ['a statement', { body: 'select balance from accounts' }],
  ['a database’s complaint', { body: 'You have an error in your SQL syntax' }],
])('%s is seen', (_name, answer) => {
  expect(problems(answer)).toHaveLength(1);
});

test('nobody who is answered as somebody is seen', () => {
  expect(problems({ body: '{"solde":5}' }, { as: 'nobody' })).toHaveLength(1);
  expect(problems({ body: '{"transactions":[]}' }, { as: 'stranger' })).toHaveLength(1);
});
