import { onTestFinished, test } from 'vitest';
import { mariadbEngine } from '../../../src/engine/mariadb.ts';
import { provesABackup } from '../../contract/engine-backup.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';
import { ENGINE_ABSENT, startSource } from './source.ts';

test.skipIf(ENGINE_ABSENT !== undefined)(
  'a backup of MariaDB under load is proven, opens by its guide, and a changed byte is found',
  { timeout: 240_000 },
  async () => {
    const source = await startSource();
    onTestFinished(source.dispose);
    const settings = await migratedDatabase(source.server);
    const engine = mariadbEngine({ ...source.settings, database: settings.database });
    await provesABackup(engine, settings, source.folder);
  },
);
