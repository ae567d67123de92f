import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECRET_KEYS } from '../../src/config/yml/variables.ts';
import { Secret } from '../../src/core/secret.ts';
import { generateSecret } from '../../src/secrets/generate.ts';
import { assertSecret, parseLines, parseSecrets, renderSecrets } from '../../src/secrets/text.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const FREE = ['DB_PASSWORD', 'REDIS_PASSWORD', 'MAIL_PASSWORD', 'SMS_GATEWAY_TOKEN'] as const;
const recipients = [{ name: 'awa', recipient: 'age1abc' }];

test('what was written is read back, whatever the values hold', () => {
  const value = fc
    .string({ minLength: 1, unit: fc.constantFrom(...` ='#"$é~*ab1`) })
    .filter((text) => !(text.includes("'") && /["$]/.test(text)));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...FREE), value), (values) => {
      const secrets = new Map(Object.entries(values).map(([name, text]) => [name, new Secret(text)]));
      const text = renderSecrets('staging', { secrets, recipients });
      const read = parseSecrets('staging', text);
      expect(read.recipients).toEqual(recipients);
      const plain = Object.fromEntries([...read.secrets].map(([name, each]) => [name, each.reveal()]));
      expect(plain).toEqual({ ...values });
    }),
  );
});

test("another environment's file is refused", async () => {
  const text = renderSecrets('staging', { secrets: new Map(), recipients });
  const error = await ompayErrorOf(() => parseSecrets('production', text));
  expect(error.message).toBe('the file of the secrets of production holds something else');
});

test('faults of edited lines are told by line and name, values never', async () => {
  const text =
    'DB_PASSWORD=hunter2\nDB_PASSWORD=hunter3\nhunter4\nDB_PASWORD=hunter5\nMAIL_PASSWORD=\nAPP_KEY=hunter6\nREDIS_PASSWORD=hunter\\7\n';
  const error = await ompayErrorOf(() => parseLines(new Secret(text)));
  for (const told of [
    'line 2: DB_PASSWORD is there twice',
    'line 3: it is not NAME=value',
    'line 4: DB_PASWORD is no secret (did you mean DB_PASSWORD?)',
    'line 5: MAIL_PASSWORD is empty',
    'line 6: APP_KEY holds a value that is not shown (allowed: `base64:`',
    'line 7: the value of REDIS_PASSWORD cannot be written',
  ])
    expect(error.message).toContain(told);
  expect(`${error.message} ${error.hint} ${error.stack}`).not.toMatch(/hunter/);
});

test('a line break of another system is refused, not kept as a part of the value', async () => {
  await expect(ompayErrorOf(() => parseLines(new Secret('DB_PASSWORD=x\r\n')))).resolves.toMatchObject({
    code: 'configInvalid',
  });
});

test('what can be made is allowed by its variable, and never the same twice', async () => {
  const makeable = ['APP_KEY', 'DB_PASSWORD', 'REDIS_PASSWORD', 'TEAM_WEBHOOK_SECRET', 'BACKUP_DB_PASSWORD'];
  for (const name of makeable) {
    const value = generateSecret(name);
    assertSecret(name, value);
    expect(generateSecret(name).reveal()).not.toBe(value.reveal());
  }
  const error = await ompayErrorOf(() => generateSecret('MAIL_PASSWORD'));
  expect(error).toMatchObject({ code: 'usage', hint: 'ompay secrets set MAIL_PASSWORD' });
  expect(SECRET_KEYS.map(({ name }) => name)).toEqual(expect.arrayContaining(makeable));
});
