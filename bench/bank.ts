/**
 * node bench/bank.ts [--db all|mariadb,pgsql,pglite] [--runs 250] [--seed 1] [--write docs/evidence/bank.md]
 * The bank test: in each run ten clients move money among random and hot accounts through two API processes, while
 * databases and processes are killed and paused, connections cut and locks crossed, all drawn from the run's seed.
 * Prints each database's runs tried and passed, and the seeds of those that failed; `--runs 1 --seed N` plays one again.
 * Temporary folders, unix sockets, bounded.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ServerKind } from '../tests/fixtures/databases.ts';
import { databasesNamed } from './bank/databases.ts';
import { type BankCampaign, campaignLines, evidenceOf } from './bank/report.ts';
import { brokenRun, type RunResult, runBank } from './bank/run.ts';
import { openStage } from './bank/stage.ts';

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'all' },
    runs: { type: 'string', default: '250' },
    seed: { type: 'string', default: '1' },
    write: { type: 'string' },
  },
});
const runs = Number(values.runs);
const firstSeed = Number(values.seed);

const campaigns: BankCampaign[] = [];
for (const kind of databasesNamed(values.db, say)) campaigns.push(await campaign(kind));
for (const line of campaignLines(campaigns)) say(line);
if (values.write !== undefined) writeFileSync(values.write, evidenceOf(campaigns, { runs, firstSeed }));
const passed = campaigns.every(({ results }) => results.every(({ violations }) => violations.length === 0));
process.exitCode = passed && campaigns.length > 0 ? 0 : 1;

async function campaign(kind: ServerKind): Promise<BankCampaign> {
  const results: RunResult[] = [];
  let stage = await openStage(kind, { redis: true });
  try {
    for (let run = 0; run < runs; run += 1) {
      const seed = firstSeed + run;
      const result = await runBank(stage, seed, run).catch((error: unknown) => brokenRun(seed, error));
      results.push(result);
      tell(kind.name, result);
      if (!result.healed) {
        await stage.end();
        stage = await openStage(kind, { redis: true });
      }
    }
  } finally {
    await stage.end();
  }
  return { name: kind.name, results };
}

function tell(
  name: string,
  { seed, violations, faults, durationMs, heard, healed: _healed, ...counts }: RunResult,
): void {
  const struck = faults.map(({ kind, atMs }) => `${kind} @${atMs}`).join(', ');
  const statuses = [...heard].map(([status, count]) => `${status}: ${count}`).join(' ');
  const verdict = violations.length === 0 ? 'ok' : 'FAILED';
  say(
    `${name} seed ${seed} ${verdict} in ${Math.round(durationMs)} ms; ${JSON.stringify(counts)}; ${statuses}; ${struck}`,
  );
  for (const { rule, detail } of violations.slice(0, 10)) say(`  ${rule}: ${detail}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
