import type { ApiSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { type Database, openDatabase } from '../db/open.ts';

/** What every command of operators works with. */
export interface OpsTools {
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly database: Database;
  /** What follows the command. */
  readonly words: readonly string[];
}

export type OpsCommand = (tools: OpsTools) => Promise<OpsAnswer>;

export interface OpsAnswer {
  /** Printed as one line of JSON. */
  readonly said: object;
  /** 0 unless told. */
  readonly exitCode?: number;
}

/** Sums over ten million entries take about ten seconds each. */
const STATEMENT_LIMIT_MS = 600_000;

/** Opens the database for the time of `work`. Throws `databaseUnavailable`. */
export async function withOpsTools<Result>(
  { settings, clock, words }: Omit<OpsTools, 'database'>,
  work: (tools: OpsTools) => Promise<Result>,
): Promise<Result> {
  const database = openDatabase({ ...settings.database, statementTimeoutMs: STATEMENT_LIMIT_MS }, clock);
  try {
    return await work({ settings, clock, words, database });
  } finally {
    await database.close();
  }
}
