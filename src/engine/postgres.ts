import type { Engine } from './engine.ts';
import { bootPostgres, reapPostgres } from './postgres/boot.ts';
import { capturePostgres } from './postgres/capture.ts';
import type { PostgresSettings } from './postgres/settings.ts';

/** PostgreSQL 15: copied over the network by pg_basebackup; the copy is started by the same series on this machine. */
export function postgresEngine(settings: PostgresSettings): Engine {
  return {
    name: 'postgres',
    capture: (request, archive) => capturePostgres(settings, request, archive),
    boot: (folder, request) => bootPostgres(settings, folder, request),
    reap: reapPostgres,
  };
}
