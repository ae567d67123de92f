/**
 * node bench/fuzz.ts [--db mariadb] [--requests 20000] [--seed 1] [--write docs/evidence/fuzz.md]
 * Requests to every route, drawn from its own schema: right ones, wrong ones (types, huge, nested, unicode, 2^53, 100.5,
 * "1e3", SQL and script fragments, other people's ids), at a real API process. Asks for no 5xx, no stack trace, nothing
 * of other people, and only answers that the OpenAPI document declares.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { databasesNamed } from './bank/databases.ts';
import { openStage } from './bank/stage.ts';
import { fuzz } from './fuzz/campaign.ts';
import { fuzzLines } from './fuzz/report.ts';

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'mariadb' },
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'string' },
  },
});
const seed = Number(values.seed);
const lines: string[] = [];
let failed = false;
for (const kind of databasesNamed(values.db, (line) => process.stdout.write(`${line}\n`))) {
  const stage = await openStage(kind);
  try {
    const startedMs = performance.now();
    const result = await fuzz(stage, seed, Number(values.requests));
    failed ||= result.findings.length > 0 || result.broken.length > 0;
    lines.push(...fuzzLines(kind.name, { seed, result, durationMs: performance.now() - startedMs }), '');
  } finally {
    await stage.end();
  }
}
process.stdout.write(lines.join('\n'));
if (values.write !== undefined) writeFileSync(values.write, lines.join('\n'));
process.exitCode = failed || lines.length === 0 ? 1 : 0;
