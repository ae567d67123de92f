import fc from 'fast-check';
import type { IntegerSchema, StringSchema } from '../../src/api/schemas/json.ts';
import { type FuzzPeople, KNOWN_PIN, OWN, PASSWORD, unknownReference } from './people.ts';

/** 16 KiB is the most that a body may be. */
const HUGE = 20_000;

/** What a careless or hostile client may send in the place of any value. */
export const EVIL: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    -1,
    1,
    99,
    100.5,
    '1e3',
    1e3,
    1e21,
    1e308,
    -1e308,
    2 ** 31,
    2 ** 53,
    2 ** 53 + 2,
    2 ** 63,
    -(2 ** 63),
    '100',
    '0x64',
    'NaN',
    'Infinity',
    '',
    ' ',
    [],
    {},
    [100],
    { $gt: 0 },
    { toString: 'x' },
    { length: 1_000_000 },
  ),
  fc.constantFrom(
    "' or '1'='1",
    "'; drop table accounts; --",
    '" or 1=1 #',
    '1); select pg_sleep(5); --',
    "' union select password_hash from users --",
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is sent.
    '${7*7}',
    '{{7*7}}',
    '%00',
    '../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '$(id)',
    '`id`',
    '\u0000',
    '77\u00001234567',
    '\ud800',
    '\udfff\ud800',
    '\u202e\u2066',
    '٧٧١٢٣٤٥٦٧',
    '７７１２３４５６７',
    '🦄'.repeat(300),
    'é'.repeat(256),
    'e\u0301'.repeat(128),
    'İıſK',
    '\r\nSet-Cookie: a=b',
    'toString',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom('a'.repeat(256), 'a'.repeat(5_000), '1'.repeat(5_000), 'a'.repeat(HUGE)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(Number),
  fc.jsonValue({ maxDepth: 4 }),
  fc.integer({ min: 5, max: 2_000 }).map(nested),
);

/** Arrays in arrays, and objects in objects by turns. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** What names people and things: one's own, other people's, nobody's. The more often, the more likely. */
export function namesOf(
  people: FuzzPeople,
  qrCodes: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  const { victims } = people;
  const [other, another] = people.attackers;
  const merchants = people.attackers.filter(({ codeMarchand }) => codeMarchand !== null).slice(0, 3);
  const phones = [other, another, ...victims].map((person) => person?.telephone ?? '');
  const references = [...victims.map((victim) => victim.reference), unknownReference()];
  const strangers = [other, ...victims].flatMap((person) => [
    person?.accountId ?? '',
    `OM${person?.telephone.slice(1)}`,
    person?.userId ?? '',
  ]);
  return {
    telephone: [...phones, OWN.telephone, '+221770000001', '221770000002', '700000000'],
    recipient_telephone: [...phones, OWN.telephone],
    telephone_client: [...phones, OWN.telephone],
    code_marchand: [...merchants, ...victims].map((person) => person.codeMarchand ?? 'MCHZZZZZZ'),
    code_qr: qrCodes,
    code: qrCodes,
    reference: [OWN.reference, OWN.reference, ...references],
    compteId: [OWN.account, OWN.numero, OWN.account, OWN.numero, ...strangers],
    cni: victims.map((victim) => victim.cni),
    date_naissance: ['1990-05-14', '2024-02-29'],
    password: [PASSWORD, PASSWORD, PASSWORD, 'un-autre-mot-de-passe'],
    password_confirmation: [PASSWORD],
    refresh_token: [victims[0]?.token.slice(1) ?? ''],
    pin: [KNOWN_PIN, KNOWN_PIN, KNOWN_PIN, '0000'],
    old_pin: [KNOWN_PIN],
    new_pin: [KNOWN_PIN],
  };
}

/** A value that the schema accepts, as its own examples, pattern and bounds say. */
export function fitting(schema: StringSchema | IntegerSchema): fc.Arbitrary<unknown> {
  if (schema.type === 'integer') {
    const { minimum: min = 0, maximum: max = 100 } = schema;
    return fc.oneof(
      fc.integer({ min, max }),
      fc.integer({ min, max: Math.min(max, min + 900) }),
      fc.constantFrom(min, max),
    );
  }
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.format === 'date')
    return fc.constantFrom('1990-05-14', '2024-02-29', '2099-01-01', '1900-02-29');
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern), { maxLength: 60 });
  return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 60, 60) });
}
