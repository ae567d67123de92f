/**
 * node bench/bank-key.ts [--db all|mariadb,pgsql,pglite] [--every 1] [--write docs/evidence/one-key.md]
 * One Idempotency-Key, a hundred times at once at two API processes, with a crash at each message that the process at work
 * says to its database: the connection cut or silent, the process or the database killed, before the database has the
 * message and after. Then the key is asked again: there must be one transfer, and one answer to the byte.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ServerKind } from '../tests/fixtures/databases.ts';
import { databasesNamed } from './bank/databases.ts';
import { type KeyCampaign, keyLines } from './bank/key-report.ts';
import { tryEachStep } from './bank/key-steps.ts';

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'all' },
    every: { type: 'string', default: '1' },
    write: { type: 'string' },
  },
});

const campaigns: KeyCampaign[] = [];
for (const kind of databasesNamed(values.db, say)) campaigns.push(await campaign(kind));
const lines = keyLines(campaigns);
for (const line of lines) say(line);
if (values.write !== undefined) writeFileSync(values.write, `${lines.join('\n')}\n`);
const failed = campaigns.flatMap(({ results }) => results).filter(({ problems }) => problems.length > 0);
process.exitCode = failed.length === 0 && campaigns.length > 0 ? 0 : 1;

async function campaign(kind: ServerKind): Promise<KeyCampaign> {
  const results = await tryEachStep(kind, {
    every: Number(values.every),
    tell: (line) => say(`${kind.name} ${line}`),
  });
  return { name: kind.name, results };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
