import type { Engine } from './engine.ts';
import { bootMariadb } from './mariadb/boot.ts';
import { captureMariadb } from './mariadb/capture.ts';
import type { MariadbSettings } from './mariadb/settings.ts';
import { reapScratch } from './mysql/server.ts';

/** MariaDB 10.11: copied by mariadb-backup on the database's host, where mariadbd of the same series is. */
export function mariadbEngine(settings: MariadbSettings): Engine {
  return {
    name: 'mariadb',
    capture: (request, archive) => captureMariadb(settings, request, archive),
    boot: (folder, request) => bootMariadb(settings, folder, request),
    reap: reapScratch,
  };
}
