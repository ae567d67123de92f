import { MIGRATIONS } from '../../api/migrations/index.ts';
import { assertBearable, lintMigrations } from '../../api/migrations/lint/lint.ts';
import { OmpayError } from '../../core/errors.ts';
import type { FleetMemory } from '../../deploy/fleet/memory.ts';
import { askOps } from '../../deploy/fleet/ops-client.ts';
import type { HandlerContext, Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import type { MadeBackup } from './fleet-backup.ts';
import { fleetSmoke } from './fleet-smoke.ts';

export interface FleetDataKit {
  readonly memory: FleetMemory;
  readonly run: string;
  /** False in production, unless the operator said that no backup is wanted. */
  readonly mayMigrate: boolean;
  /** What `fleet.backup` made in this run. */
  readonly made: MadeBackup;
}

const LOOK_MS = 30_000;
const MIGRATE_MS = 150_000;

/** What needs the database, which only hosts of the environment reach: by the operators' program of the release. */
export function fleetDataHandlers(kit: FleetDataKit): Handlers {
  return {
    'fleet.migrate': async ({ release }, context) => migrate(kit, String(release), context),
    'fleet.smoke': async (input, context) => fleetSmoke(kit, input, context),
  };
}

/** Judged first, by their syntax and the sizes of the tables that they meet; then applied. */
async function migrate(
  { run, mayMigrate, made }: FleetDataKit,
  release: string,
  { host, signal }: HandlerContext,
): Promise<JsonObject> {
  const look = { release, words: ['migrate', 'status'], timeoutMs: LOOK_MS, signal };
  const status = await askOps(host, look);
  const pending = status.textList('pending');
  if (pending.length === 0) return { shown: 'nothing is missing' };
  const isEmpty = status.list('applied', () => null).length === 0;
  if (!isEmpty && !mayMigrate && made.id === undefined) throw withoutBackup(pending);
  const rows = new Map(Object.entries(status.wholes('rows')));
  const family = status.text('family') === 'mysql' ? 'mysql' : 'postgresql';
  assertBearable((await lintMigrations(MIGRATIONS, { only: pending, rows, family })).findings);
  const change = { release, words: ['migrate', 'up'], timeoutMs: MIGRATE_MS, signal };
  await askOps(host, { ...change, operationId: `${run}-migrate` });
  return { applied: [...pending], shown: pending.join(', ') };
}

function withoutBackup(pending: readonly string[]): OmpayError {
  return new OmpayError(
    'checkBlocked',
    `the migrations ${pending.join(', ')} are missing, and no backup goes before them: the environment keeps no copies`,
    {
      hint: 'set copies: in ompay.yml (docs/copies.md), or make a backup of your own, then: ompay deploy -e ENVIRONMENT --without-backup',
    },
  );
}
