import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/** A copy of a lab's installation that knows the first of its web hosts alone. The hosts stay as they are. */
export function oneHostOf(folder: string): { readonly folder: string; remove(): void } {
  const copy = mkdtempSync(join(tmpdir(), 'ompay-one-'));
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const path = join(copy, '.ompay/lab/environment.yml');
  const document = parseDocument(readFileSync(path, 'utf8'));
  const hosts: Readonly<Record<string, { readonly roles: readonly string[] }>> = Object(
    document.getIn(['environments', 'lab', 'hosts']),
  ).toJSON();
  const webs = Object.keys(hosts).filter((name) => hosts[name]?.roles.includes('web'));
  for (const name of webs.slice(1)) document.deleteIn(['environments', 'lab', 'hosts', name]);
  writeFileSync(path, document.toString());
  return { folder: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}
