import { onTestFinished, test } from 'vitest';
import { postgresEngine } from '../../../src/engine/postgres.ts';
import { provesABackup } from '../../contract/engine-backup.ts';
import { POSTGRESQL } from '../../fixtures/databases.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';
import { startSource } from './source.ts';

test.skipIf(POSTGRESQL.absent !== undefined)(
  'a backup of PostgreSQL under load is proven, opens by its guide, and a changed byte is found',
  { timeout: 240_000 },
  async () => {
    const source = await startSource();
    onTestFinished(source.dispose);
    const settings = await migratedDatabase(source.server);
    await provesABackup(postgresEngine(source.settings), settings, source.folder);
  },
);
