import { expect, test } from 'vitest';
import { keepsCopies } from '../../../src/cli/kit/fleet-backup.ts';
import { environmentNamed, parseProject } from '../../../src/config/yml/project.ts';

function environmentWith(text: string) {
  const yml = `environments:\n  staging:\n    ${text.replaceAll('\n', '\n    ')}\n`;
  return environmentNamed(parseProject('ompay.yml', [{ name: 'ompay.yml', text: yml }]), 'staging');
}

test.each([
  ['database: { connection: mysql }', false],
  ['database: { connection: mysql }\ncopies: { read_back_days: 7 }', false],
  ['database: { connection: mysql }\ncopies: { directory: { path: /mnt/backup } }', true],
  ['database: { connection: mysql }\ncopies: { sftp: { host: vault } }', true],
  ["database: { connection: mysql }\ncopies: { s3: { endpoint: 'https://s3.example.sn' } }", true],
  ['database: { connection: pgsql }\ncopies: { sftp: { host: vault } }', true],
  ['database: { connection: mariadb }\ncopies: { sftp: { host: vault } }', true],
  ['database: { connection: mariadb }', false],
])('of %j a backup goes before migrations: %s', (text, expected) => {
  expect(keepsCopies(environmentWith(text))).toBe(expected);
});
