import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { environmentVariables, renderEnvironment } from '../../src/config/env-file.ts';
import { loadApiSettings } from '../../src/config/load.ts';
import { environmentNamed, parseProject } from '../../src/config/yml/project.ts';
import { Secret } from '../../src/core/secret.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const GOLDENS = join(import.meta.dirname, '../goldens/config');
const EXAMPLE = readFileSync(join(GOLDENS, 'ompay.yml'), 'utf8');
const config = environmentNamed(
  parseProject('ompay.yml', [{ name: 'ompay.yml', text: EXAMPLE }]),
  'production',
);

const SECRETS = new Map(
  Object.entries({
    APP_KEY: `base64:${Buffer.alloc(32, 7).toString('base64')}`,
    DB_PASSWORD: "it's a long one",
    REDIS_PASSWORD: '$HOME `id` "quoted" #1',
    MAIL_PASSWORD: 'app_password',
    SMS_GATEWAY_TOKEN: 'gateway-token',
  }).map(([name, value]) => [name, new Secret(value)]),
);

test("the requirements' production environment, from ompay.yml and its secrets", async () => {
  const rendered = renderEnvironment(config, SECRETS);
  await expect(rendered.reveal()).toMatchFileSnapshot(join(GOLDENS, 'production.env'));
  expect(`${rendered}`).toBe('***');
  const variables = environmentVariables(config, SECRETS);
  expect({ ...parseEnv(rendered.reveal()) }).toEqual(variables);
  expect(loadApiSettings(variables).environment).toBe('production');
});

test("no server is given the operator's own secrets", () => {
  const own = ['TEAM_WEBHOOK_SECRET', 'BACKUP_S3_SECRET_KEY'].map((name): [string, Secret] => [
    name,
    new Secret('hidden'),
  ]);
  expect(renderEnvironment(config, new Map([...SECRETS, ...own])).reveal()).toBe(
    renderEnvironment(config, SECRETS).reveal(),
  );
});

test('a shell and Node read each value back as it was, or it is refused by name', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'api.env');
  const character = fc.oneof(
    fc.constantFrom(...` '"\`$#\\=\n\r\t%!~*;&|<>(){}[]é€𐍈`),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
  );
  let written = 0;
  fc.assert(
    fc.property(fc.array(character, { maxLength: 20 }), (characters) => {
      const value = characters.join('');
      const text = renderedWith(value);
      if (text === undefined) {
        expect(value).toMatch(/[\p{Cc}\\\p{Cs}]|'/u);
        return;
      }
      written += 1;
      expect(parseEnv(text).DB_PASSWORD).toBe(value);
      writeFileSync(path, text);
      expect(readByShell(path)).toBe(value);
    }),
    { numRuns: 150 },
  );
  expect(written).toBeGreaterThan(30);
});

test('what cannot be written is refused by its name, and not told', async () => {
  for (const value of ['two\nlines', 'back\\slash', `both ' and "`, 'bell\u0007', 'half \ud800']) {
    const error = await ompayErrorOf(() =>
      renderEnvironment(config, new Map([['DB_PASSWORD', new Secret(value)]])),
    );
    expect(error.message).toContain('DB_PASSWORD');
    expect(`${error.message} ${error.hint}`).not.toContain(value);
  }
});

function renderedWith(value: string): string | undefined {
  try {
    return renderEnvironment(config, new Map([['DB_PASSWORD', new Secret(value)]])).reveal();
  } catch {
    return undefined;
  }
}

function readByShell(path: string): string {
  const script = '. "$1"; printf %s "$DB_PASSWORD"';
  return execFileSync('/bin/sh', ['-euc', script, 'sh', path], { encoding: 'utf8', env: {} });
}
