import type { Command } from 'commander';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import {
  blocking,
  type Finding,
  type LintReport,
  lintMigrations,
  shortened,
} from '../../api/migrations/lint/lint.ts';
import { RULES } from '../../api/migrations/lint/rules.ts';
import type { Invocation } from '../command.ts';

const CHECK_BLOCKED_EXIT_CODE = 3;

export function configure(_command: Command): void {}

/** Judges every migration of this source; without a database, so that every table counts as large. */
export async function run({ output }: Invocation): Promise<number> {
  const report = await lintMigrations(MIGRATIONS);
  const blocked = blocking(report.findings);
  if (output.json) output.write(`${JSON.stringify({ ...report, blocking: blocked.length })}\n`);
  else output.write(lintText(report));
  return blocked.length === 0 ? 0 : CHECK_BLOCKED_EXIT_CODE;
}

/** Each finding with its statement, why, what to do instead, and where that is said. */
export function lintText({ statements, findings }: LintReport): string {
  const migrations = new Set(statements.map(({ migration }) => migration)).size;
  const blocked = blocking(findings).length;
  const accepted = findings.length - blocked;
  const total = `${migrations} migrations, ${statements.length} statements: ${blocked} findings block${
    accepted === 0 ? '' : `, ${accepted} accepted`
  }\n`;
  return [...findings.map(findingText), total].join('\n');
}

function findingText({ migration, phase, rule, statement, detail, accepted }: Finding): string {
  const { why, instead, source } = RULES[rule];
  const lines = [
    `${migration} ${phase}: ${rule}${accepted === null ? '' : ' (accepted)'}`,
    `  ${shortened(statement)}`,
    `  why: ${detail === '' ? why : `${detail}; ${why}`}`,
    accepted === null ? `  instead: ${instead}` : `  accepted: ${accepted}`,
    `  see: ${source}`,
  ];
  return `${lines.join('\n')}\n`;
}
