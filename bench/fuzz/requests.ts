import fc from 'fast-check';
import { bodyOf, type Operation, paramsOf } from '../../src/api/http/operation.ts';
import type { RequestSchema } from '../../src/api/schemas/json.ts';
import { KNOWN_PIN } from './people.ts';
import { EVIL, fitting } from './values.ts';

export interface FuzzRequest {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where none is sent. */
  readonly body: string | undefined;
  /** As one of the attackers, as somebody unknown, or as nobody. */
  readonly as: 'attacker' | 'stranger' | 'nobody';
}

/** Requests to this operation: most nearly right, so that they come far, each wrong in a place or two. */
export function requestsTo(operation: Operation, names: Names): fc.Arbitrary<FuzzRequest> {
  const hasBody = operation.method === 'POST';
  return fc
    .record({
      method: weighted([
        [40, operation.method],
        [1, 'PUT'],
        [1, 'DELETE'],
        [1, 'PATCH'],
        [1, 'HEAD'],
        [1, 'OPTIONS'],
      ]),
      params: fieldsOf(paramsOf(operation), names),
      query: fieldsOf(operation.query, names),
      body: hasBody ? bodyText(bodyOf(operation), names) : fc.constant(undefined),
      headers: headersOf(operation),
      as: weighted<FuzzRequest['as']>([
        [18, 'attacker'],
        [1, 'stranger'],
        [1, 'nobody'],
      ]),
    })
    .map(({ params, query, method, ...rest }) => ({
      ...rest,
      method,
      operationId: operation.id,
      path: `${pathOf(operation.path, params)}${queryOf(query)}`,
      body: method === 'HEAD' ? undefined : rest.body,
    }));
}

function weighted<T>(choices: readonly (readonly [number, T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
}

type Fields = Readonly<Record<string, unknown>>;
export type Names = Readonly<Record<string, readonly string[]>>;

/** Each field of the schema right, known to somebody, wrong, or missing; and fields that nobody asked for. */
function fieldsOf({ properties, required }: RequestSchema, names: Names): fc.Arbitrary<Fields> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const known = names[name];
    const value = fc.oneof(
      { weight: known === undefined ? 19 : 5, arbitrary: fitting(schema) },
      ...(known === undefined ? [] : [{ weight: 14, arbitrary: fc.constantFrom<unknown>(...known) }]),
      { weight: 1, arbitrary: EVIL },
    );
    const presence = required.includes(name) ? 40 : 1;
    return fc.oneof(
      { weight: presence, arbitrary: value.map((each): Fields => ({ [name]: each })) },
      { weight: 1, arbitrary: fc.constant<Fields>({}) },
    );
  });
  const unasked = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Fields>({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...UNASKED), EVIL, { maxKeys: 3 }) },
  );
  return fc.tuple(unasked, ...fields).map((parts): Fields => Object.assign(Object.create(null), ...parts));
}

const UNASKED = [
  'solde',
  'kyc_level',
  'role',
  'user_id',
  'frais',
  'balance',
  'is_admin',
  '__proto__',
  'constructor',
];

/** JSON of the fields; now and then something else altogether. */
function bodyText(schema: RequestSchema, names: Names): fc.Arbitrary<string | undefined> {
  return fc.oneof(
    { weight: 30, arbitrary: fieldsOf(schema, names).map((fields) => JSON.stringify(fields)) },
    { weight: 1, arbitrary: EVIL.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom(...BROKEN) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const BROKEN = [
  '{',
  '{"amount":100,}',
  '{"amount":1e999}',
  '{"amount":100}{"amount":200}',
  '{"amount":100,"amount":1000000}',
  '{"montant":9007199254740993}',
  '{"__proto__":{"amount":100}}',
  '{"constructor":{"prototype":{"solde":1}}}',
  `{"amount":${'9'.repeat(400)}}`,
  `${'['.repeat(8_000)}`,
  '\ufeff{}',
  'amount=100&recipient_telephone=770000001',
  '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  'null',
  '""',
];

function headersOf({ idempotent }: Operation): fc.Arbitrary<Readonly<Record<string, string>>> {
  const optional = (weight: number, name: string, values: fc.Arbitrary<string>) =>
    fc.oneof(
      { weight: 10 - weight, arbitrary: fc.constant({}) },
      { weight, arbitrary: values.map((value) => ({ [name]: value })) },
    );
  const latin = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map(charOf), maxLength: 300 });
  const key = fc.oneof(
    { weight: 6, arbitrary: fc.uuid() },
    { weight: 2, arbitrary: fc.constantFrom('k', 'une-cle', 'a'.repeat(255)) },
    { weight: 1, arbitrary: fc.oneof(fc.constantFrom('', 'a'.repeat(256), "' or 1=1"), latin) },
  );
  return fc
    .tuple(
      optional(
        9,
        'content-type',
        fc.oneof(
          { weight: 20, arbitrary: fc.constant('application/json') },
          { weight: 1, arbitrary: fc.constantFrom(...MEDIA_TYPES) },
        ),
      ),
      optional(idempotent ? 6 : 1, 'idempotency-key', key),
      optional(
        1,
        'x-pin',
        fc.constantFrom(
          KNOWN_PIN,
          KNOWN_PIN,
          '0000',
          '48260',
          'abcd',
          Buffer.from('٤٨٢٦').toString('latin1'),
        ),
      ),
      optional(2, 'accept', fc.constantFrom('application/problem+json', '*/*', 'text/html', 'x'.repeat(500))),
      optional(2, 'accept-language', fc.oneof(fc.constantFrom('en', 'fr;q=0.1,en', '*', ';;;q=x'), latin)),
      optional(1, 'x-request-id', fc.oneof(fc.constantFrom('abcdefgh', '<script>', 'a'.repeat(65)), latin)),
      optional(1, 'traceparent', latin),
    )
    .map((parts) => Object.assign({}, ...parts));
}

const MEDIA_TYPES = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/problem+json',
  ';',
];

function charOf(code: number): string {
  return String.fromCharCode(code === 0x7f ? 0x7e : code);
}

function pathOf(template: string, params: Fields): string {
  return template.replaceAll(/:(\w+)/g, (_all, name: string) => encoded(textOf(params[name])) || '%20');
}

function queryOf(query: Fields): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(textOf(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Lone surrogates have no encoding: as the bytes that some clients send for them. */
function encoded(text: string): string {
  return [...text.slice(0, 2_000)]
    .map((char) => (char.isWellFormed() ? encodeURIComponent(char) : '%ED%A0%80'))
    .join('');
}
