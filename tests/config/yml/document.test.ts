import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderYmlDocument } from '../../../src/config/yml/document.ts';
import { ALL_SETTINGS } from '../../../src/config/yml/settings.ts';
import { SECRET_KEYS } from '../../../src/config/yml/variables.ts';

const DOCS = join(import.meta.dirname, '../../../docs');

test('docs/ompay-yml.md is what src/config/yml/settings.ts says', async () => {
  await expect(renderYmlDocument()).toMatchFileSnapshot(join(DOCS, 'ompay-yml.md'));
});

test('each key has one path, a meaning, and a default that it allows itself', () => {
  expect(new Set(ALL_SETTINGS.map(({ path }) => path)).size).toBe(ALL_SETTINGS.length);
  for (const { path, type, key } of ALL_SETTINGS) {
    expect(key.doc, path).toMatch(/\.$/);
    const items = type === 'list' ? (key.fallback ?? '').split(', ') : [key.fallback ?? ''];
    if (key.fallback !== null) for (const item of items) expect(key.parse(item), path).toBeDefined();
  }
});

test('docs/secrets.md names every secret', () => {
  const page = readFileSync(join(DOCS, 'secrets.md'), 'utf8');
  for (const { name } of SECRET_KEYS) expect(page).toContain(`\`${name}\``);
});
